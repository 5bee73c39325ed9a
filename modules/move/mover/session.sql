-- What every session of the mover begins with: no bound of the role's own cuts a long statement, row-level security hides
-- nothing in silence, and values have one spelling on both sides. A hold binds whoever does not say that he writes.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_read_only = off;
SET row_security = off;
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET search_path = pg_catalog;
SET DateStyle = ISO;
SET IntervalStyle = postgres;
SET TimeZone = 'UTC';
SET bytea_output = hex;
SET extra_float_digits = 1;
SET lc_monetary = 'C';
