-- +goose Up
-- +goose StatementBegin
create function tidy_name() returns trigger language plpgsql as $$
begin
  new.name := trim(regexp_replace(new.name, '\s+', ' ', 'g'));
  return new;
end
$$;
-- +goose StatementEnd
create trigger tidy_name before insert or update of name on guests
  for each row execute function tidy_name();

-- +goose Down
drop trigger tidy_name on guests;
drop function tidy_name();
