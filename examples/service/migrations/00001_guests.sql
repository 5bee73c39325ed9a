-- +goose Up
create table guests (
  id bigint generated always as identity primary key,
  name text not null,
  signed_at timestamptz not null default now()
);
insert into guests (name) values ('Ada'), ('Grace');

-- +goose Down
drop table guests;
