#!/usr/bin/env bash
# The mover: copies a Postgres database that lies elsewhere to the environment's own, lets it follow, and compares both.
# Runs in the official image of Postgres: bash, perl, psql, pg_dump, pg_restore.
#
# usage: mover.sh VERB… [--follow] [--again] [--rehearse] [--jobs=N] [--bound=SECONDS]
# SOURCE_URL is the old database; PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE are the environment's.
# Prints JSON, one line each; the last is done, refused (exit 1: nothing was changed) or failed (exit 2: run it again).
set -Eeuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
settings=$(<"$here/session.sql")
verb=start
jobs=4
bound=900
follow='' again='' rehearse='' snapshot='' platform=unknown encoding='' left_out=()
# Not to be had elsewhere, or kept by whoever runs the database: they are the platform's, not the application's.
without='{plpgsql,pg_cron,pg_graphql,pg_net,pgsodium,supabase_vault,neon,neon_utils,pg_session_jwt,aws_commons,rdsutils}'

quote() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# say KIND name value…: one line of JSON. A name that ends in a colon has a value that is JSON already.
say() {
  local line="{\"kind\":\"$1\",\"verb\":\"$verb\""
  shift
  while (($#)); do
    case $1 in
      *:) line+=",\"${1%:}\":${2//$'\n'/ }" ;;
      *) line+=",\"$1\":$(quote "$2")" ;;
    esac
    shift 2
  done
  printf '%s}\n' "$line" >&3
}

refuse() {
  say refused code "$1" text "$2" way "$3"
  exit 1
}

# The last that programs said, without either side's password.
trouble() {
  local text
  text=$(grep -v '^$' "$work/errors" | tail -n 8 | cut -c 1-2000) || true
  local secret
  for secret in "$source_password" "$target_password"; do
    [[ -z $secret ]] || text=${text//"$secret"/****}
  done
  printf '%s' "${text:-The program ended without a word.}"
}

fail() {
  local text=$1 code=database
  case $text in
    *'No space left on device'*) code=disk-full ;;
    *'server version mismatch'*) code=newer ;;
    *'server closed the connection'* | *'connection to server'* | *'terminating connection'* | *'could not translate host'*) code=lost ;;
  esac
  say failed code "$code" text "$text"
  exit 2
}

source_password='' target_password=''
declare -A session_in session_out session_pid equal noted touched reshaped
children=()
ended() {
  local pid
  for pid in "${children[@]}" "${session_pid[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
exec 3>&1 2>>"$work/errors"
trap 'if ((BASH_SUBSHELL == 0)); then fail "$(trouble)"; else exit 2; fi' ERR
trap ended EXIT
trap 'exit 143' TERM INT

# ---- both sides

connect() {
  source_password='' target_password=${PGPASSWORD:-}
  local answer kind
  answer=$(perl "$here/connections.pl" "$work" "$rehearse")
  IFS=$'\t' read -r kind source_host source_port addresses <<<"$answer"
  if [[ $kind == refused ]]; then
    refuse "$source_host" "$source_port" "Write the URL that the old platform shows for direct connections: npx slipway secret set <environment> <variable>"
  fi
  source_password=$(sed -n '/^\[source\]/,/^\[/s/^password=//p' "$work/services")
  target_host=${PGHOST:-} target_port=${PGPORT:-5432} target_database=${PGDATABASE:-}
  unset SOURCE_URL PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE
  export PGSERVICEFILE="$work/services"
}

# old/new ARGUMENTS…: psql on one side, in a session of the mover's. Its settings go in one message: a hold waits for each.
psql_on() {
  local service=$1
  shift
  psql -XqAt -v ON_ERROR_STOP=1 -v platform="$platform" -v without="$without" "service=$service" -c "$settings" "$@"
}
old() { psql_on source "$@"; }
new() { psql_on target "$@"; }

# A statement that sees what the copy's snapshot sees, while there is one.
at_snapshot=()
use_snapshot() {
  snapshot=$1
  at_snapshot=(-c 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' -c "SET TRANSACTION SNAPSHOT '$snapshot'")
}
forget_snapshot() { snapshot='' at_snapshot=(); }

# Sessions that stay open beside the others. open_session NAME CONNECTION [ARGUMENTS OF PSQL…]
open_session() {
  local name=$1 in out
  mkfifo "$work/$name.in" "$work/$name.out"
  psql -XqAtF ' ' -v ON_ERROR_STOP=1 "${@:2}" <"$work/$name.in" >"$work/$name.out" &
  session_pid[$name]=$!
  exec {in}>"$work/$name.in" {out}<"$work/$name.out"
  session_in[$name]=$in session_out[$name]=$out
}
# ask_session NAME STATEMENT: one line of answer, in $answer.
ask_session() {
  # In a shell of its own: who writes to a session that has ended is ended, too.
  (printf '%s\n' "$2" >&"${session_in[$1]}")
  answer=''
  read -r -t "$bound" answer <&"${session_out[$1]}"
}
close_session() {
  local name=$1 in=${session_in[$1]} out=${session_out[$1]}
  printf '%s\n' '\q' >&"$in" || true
  exec {in}>&- {out}<&-
  wait "${session_pid[$name]}" || true
  unset "session_pid[$name]" "session_in[$name]" "session_out[$name]"
  rm -f "$work/$name.in" "$work/$name.out"
}

# Whom the mover waits for in the old database, in words; empty when for nobody.
waits() { old -f "$here/waits.sql"; }

# Says so, each time that it is somebody else.
tell_waits() {
  local now told=''
  [[ -p $work/pause ]] || mkfifo "$work/pause"
  while :; do
    read -r -t 2 <>"$work/pause" || true
    now=$(waits) || continue
    [[ -z $now || $now == "$told" ]] || say progress step waiting text "$now"
    told=$now
  done
}

literal() { printf "'%s'" "${1//\'/\'\'}"; }

# What the mover writes down about itself, in the database that it fills.
mark() {
  new -v name="$1" -f - <<'SQL'
SELECT to_regclass('slipway_move.state') IS NOT NULL AS "there" \gset
\if :there
SELECT value FROM slipway_move.state WHERE name = :'name';
\endif
SQL
}
set_mark() {
  new -v name="$1" -v value="$2" -f - <<'SQL'
CREATE SCHEMA IF NOT EXISTS slipway_move;
COMMENT ON SCHEMA slipway_move IS 'Where slipway move writes down how far it is; it goes with the move.';
CREATE TABLE IF NOT EXISTS slipway_move.state (name text PRIMARY KEY, value text NOT NULL);
INSERT INTO slipway_move.state VALUES (:'name', :'value') ON CONFLICT (name) DO UPDATE SET value = excluded.value;
SQL
}
drop_mark() {
  new -v name="$1" -f - <<'SQL'
SELECT to_regclass('slipway_move.state') IS NOT NULL AS "there" \gset
\if :there
DELETE FROM slipway_move.state WHERE name = :'name';
\endif
SQL
}

# One mover at a time changes the environment's database: an older task may still run when a new one starts.
alone() {
  [[ -z ${session_pid[lock]:-} ]] || return 0
  open_session lock service=instance
  ask_session lock "SELECT pg_try_advisory_lock(hashtext('slipway_move'));"
  [[ $answer == t ]] || refuse busy 'Another task of the move is at work on this database.' 'Wait until it has ended, or stop that task, and run this again.'
}

# What only passes on keeps nobody away: the flip works beside it.
no_longer_alone() { [[ -z ${session_pid[lock]:-} ]] || close_session lock; }

# Also for pg_dump, which locks all that it is not told to leave out: what the platform keeps, its user alone may lock.
know_platform() {
  local names
  [[ $platform == unknown ]] || return 0
  IFS='|' read -r platform encoding <<<"$(platform='{}' old -f "$here/platform.sql")"
  IFS=, read -ra names <<<"${platform//[\{\}]/}"
  left_out=("${names[@]/#/--exclude-schema=}")
}

read_tables() { old -f "$here/kept.sql" -z -F $'\037' -0 -f "$here/tables.sql" >"$work/tables"; }

# for_tables FUNCTION: runs it for each table, several at once. Fields come as name, columns, all_columns, stays, bytes, key, key_hash.
for_tables() {
  local name columns all_columns stays bytes key key_hash rest pid failed='' running=()
  while IFS=$'\037' read -r -d '' name columns all_columns stays bytes key key_hash rest; do
    while ((${#running[@]} >= jobs)); do
      wait -n -p pid "${running[@]}" || failed=1
      drop_pid "$pid"
    done
    [[ -z $failed ]] || break
    "$1" "$name" "$columns" "$all_columns" "$stays" "$bytes" "$key" "$key_hash" &
    running+=($!)
  done <"$work/tables"
  for pid in "${running[@]}"; do wait "$pid" || failed=1; done
  [[ -z $failed ]]
}
drop_pid() {
  local one left=()
  for one in "${running[@]}"; do [[ $one == "$1" ]] || left+=("$one"); done
  running=("${left[@]}")
}

# ---- survey

verb_survey() {
  if ! answer=$(old -c 'SELECT 1'); then
    say facts reached: false reason "$(trouble)" address: "$addresses"
    say done
    return
  fi
  if [[ $(old -c 'SELECT pg_is_in_recovery()') == t ]]; then
    say facts reached: true replica: true address: "$addresses"
    say done
    return
  fi
  local first facts target occupied
  open_session first service=source
  ask_session first 'SELECT pg_backend_pid();'
  first=$answer
  # Two sessions that are open at once and have one process: something deals transactions out.
  if [[ $(old -c 'SELECT pg_backend_pid()') == "$first" ]]; then
    say facts reached: true pooled: true address: "$addresses"
    say done
    return
  fi
  close_session first
  know_platform
  facts=$(old -f "$here/kept.sql" -f "$here/survey.sql")
  target=$(new -f "$here/survey-new.sql")
  occupied=$(occupied)
  say facts reached: true address: "$addresses" source: "$facts" target: "$target" occupied "$occupied" state "$(mark state)"
  say done
}

occupied() { platform='{}' new -f "$here/kept.sql" -f "$here/occupied.sql"; }

# ---- copy

verb_copy() {
  alone
  know_platform
  [[ -z $rehearse ]] || create_rehearsal
  case $(mark state) in
    flipped) refuse flipped 'Services write to this database already: a copy would undo what they wrote.' 'Go back first: npx slipway move <environment> back' ;;
    copied)
      if [[ -z $again && (-z $follow || -n $(slot_status)) ]]; then
        say done already: true
        return
      fi
      begin_anew 'copied again'
      ;;
    copying | stale) begin_anew 'an earlier copy is cleared away' ;;
    *)
      local found
      found=$(occupied)
      [[ -z $found ]] || refuse not-empty "The environment's database is not empty: $found." 'Copy into a database that nothing was written to: empty it (drop what is named), or make a new one.'
      remember_what_is_there
      ;;
  esac
  set_mark state copying
  new -c 'DROP TABLE IF EXISTS slipway_move.compared, slipway_move.spelled, slipway_move.asleep' \
    -c 'CREATE TABLE slipway_move.compared (number serial PRIMARY KEY, what text NOT NULL, old text NOT NULL, new text NOT NULL)' \
    -c 'CREATE TABLE slipway_move.spelled (what text NOT NULL, old text NOT NULL, new text NOT NULL)'
  create_roles
  tell_waits &
  local teller=$!
  children+=("$teller")
  [[ -z $follow ]] || publish
  take_snapshot
  read_schema old >"$work/schema.old"
  dump_schema
  restore pre-data
  read_tables
  : >"$work/differences"
  for_tables copy_table
  tell_differences
  copy_large_objects source target
  [[ -n $rehearse || -z $follow ]] || keep_slot
  [[ -n $rehearse ]] || end_snapshot
  restore post-data
  note_spelling
  [[ -n $rehearse || -z $follow ]] || { new -c 'CREATE TABLE slipway_move.asleep (name text, tgname name, tgenabled "char")' && put_triggers_to_sleep; }
  set_sequences
  new -c ANALYZE
  kill "$teller" || true
  if [[ -n $rehearse ]]; then
    # The same snapshot is compared with: what is written meanwhile is no difference.
    compare
    end_snapshot
  fi
  set_mark state copied
  say done tables: "$(tr -cd '\0' <"$work/tables" | wc -c)" following: "${follow:-false}"
}

create_rehearsal() {
  local name="${target_database}_rehearsal"
  if [[ -z $(psql_on instance -v name="$name" -f - <<<"SELECT 1 FROM pg_database WHERE datname = :'name'") ]]; then
    psql_on instance -v name="$name" -f - <<<'CREATE DATABASE :"name"'
  fi
}

remember_what_is_there() {
  platform='{}' new -f "$here/kept.sql" -c 'SELECT array_agg(nspname) FROM kept' >"$work/there"
  set_mark schemas "$(cat "$work/there")"
  set_mark extensions "$(new -c 'SELECT array_agg(extname) FROM pg_extension')"
}

begin_anew() {
  say progress step clear text "$1"
  set_mark state copying
  end_following
  empty_target
}

empty_target() {
  local schemas extensions
  schemas=$(mark schemas) extensions=$(mark extensions)
  platform='{}' new -v schemas="${schemas:-{public\}}" -v extensions="${extensions:-{plpgsql\}}" -f "$here/kept.sql" -f "$here/reset.sql"
}

# Policies name roles: those that are not there are made, nobody logs in as one, and they go with the copy.
create_roles() {
  local role
  while IFS= read -r -d '' role; do
    new -v role="$role" -f - <<'SQL'
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') AS missing \gset
\if :missing
BEGIN;
CREATE ROLE :"role" NOLOGIN;
INSERT INTO slipway_move.state VALUES ('role ' || :'role', '') ON CONFLICT DO NOTHING;
COMMIT;
\endif
SQL
  done < <(old -f "$here/kept.sql" -z -0 -c 'SELECT DISTINCT r.rolname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN kept n ON n.oid = c.relnamespace CROSS JOIN unnest(p.polroles) g JOIN pg_roles r ON r.oid = g')
}
# note_roles DATABASE
note_roles() {
  psql_on instance -0 -v name="$1" -f - >"$work/roles" <<'SQL'
\connect :"name"
SELECT to_regclass('slipway_move.state') IS NOT NULL AS there \gset
\if :there
SELECT substr(name, 6) FROM slipway_move.state WHERE name LIKE 'role %';
\endif
SQL
}
# Those that were noted. What something else depends on by now stays.
drop_roles() {
  local role
  while IFS= read -r -d '' role; do
    psql_on instance -v role="$role" -f - <<'SQL'
SELECT format('DROP ROLE %I', rolname) FROM pg_roles r WHERE rolname = :'role'
  AND NOT EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid)
\gexec
SQL
  done <"$work/roles"
}

# Tables that cannot follow stay out: with a publication on it, a table without a key refuses updates to its own application.
publish() {
  old -f "$here/unpublish.sql"
  old -f "$here/kept.sql" -f - <<'SQL'
SELECT 'CREATE PUBLICATION slipway_move' || coalesce(' FOR TABLE ' || string_agg('ONLY ' || name, ', '), '') FROM kept_tables WHERE stays = ''
\gexec
SQL
}

# The moment that the copy is of. A slot that begins there lives as long as this session, until the rows are over.
take_snapshot() {
  if [[ -n $follow ]]; then
    open_session snapshot 'service=source replication=database'
    printf '%s\n' 'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;' >&"${session_in[snapshot]}"
    # A slot begins when every transaction that was writing then has ended.
    if ! ask_session snapshot 'CREATE_REPLICATION_SLOT slipway_move_copy TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT;'; then
      local busy
      busy=$(waits)
      [[ -z $busy ]] || fail "The old database gave no moment to copy from within $bound s. $busy"
      fail "$(trouble)"
    fi
    local slot position plugin
    read -r slot position snapshot plugin <<<"$answer"
  else
    open_session snapshot service=source
    printf '%s\n' "\\i $here/session.sql" 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;' >&"${session_in[snapshot]}"
    ask_session snapshot 'SELECT pg_export_snapshot();'
    snapshot=$answer
  fi
  use_snapshot "$snapshot"
  say progress step snapshot
}

keep_slot() {
  ask_session snapshot "SELECT lsn FROM pg_copy_logical_replication_slot('slipway_move_copy', 'slipway_move', false);"
  [[ -n $answer ]]
}

end_snapshot() {
  close_session snapshot
  forget_snapshot
}

dump_schema() {
  pg_dump "service=source" --snapshot="$snapshot" --format=custom --section=pre-data --section=post-data --file="$work/schema.dump" \
    --no-owner --no-privileges --no-publications --no-subscriptions --no-security-labels --no-tablespaces "${left_out[@]}"
  say progress step schema
}

# What is there already, what the platform keeps and what a database's owner may not say stays out of the list.
restore() {
  new -c "SELECT nspname FROM pg_namespace" >"$work/there"
  pg_restore --list "$work/schema.dump" | awk -v there="$work/there" -v without="${without//[\{\}]/}" '
    BEGIN { while ((getline name < there) > 0) known[name] = 1; n = split(without, list, ","); for (i = 1; i <= n; i++) left[list[i]] = 1 }
    $4 ~ /^BLOB/ || $4 == "EVENT" || $4 == "COMMENT" && ($6 == "EXTENSION" || $6 == "LARGE" || $6 == "SCHEMA" && $7 == "public") { next }
    $4 == "SCHEMA" && ($6 in known) || $4 == "EXTENSION" && ($6 in left) { next }
    { print }' >"$work/list"
  pg_restore -d service=target --section="$1" --use-list="$work/list" --jobs="$jobs" --exit-on-error --no-owner --no-privileges "$work/schema.dump"
  say progress step "$1"
}

copy_table() {
  local name=$1 columns=${2:+($2)} stays=$4 bytes=$5 key=$6 told rows transaction
  told=$(old "${at_snapshot[@]}" -c "COPY $name $columns TO STDOUT" |
    new -c 'SET session_replication_role = replica' -c BEGIN -c '\set QUIET off' -c "COPY $name $columns FROM STDIN" -c '\set QUIET on' \
      -c 'SELECT txid_current() % 4294967296' -c COMMIT)
  { read -r _ rows; read -r transaction; } <<<"$told"
  say progress step table table "$name" rows: "$rows" bytes: "$bytes"
  [[ -z $follow || -n $rehearse || -n $stays || -z $key ]] || compare_ahead "$name" "$3" "$key" "${7:-$(hash_of "$key")}" "$transaction"
}

unlink='SELECT lo_unlink(oid) FROM pg_largeobject_metadata'
# copy_large_objects FROM TO: those that are there go in the same transaction.
copy_large_objects() {
  if [[ $(psql_on "$1" -c 'SELECT count(*) FROM pg_largeobject_metadata') == 0 ]]; then
    psql_on "$2" -c "$unlink" >/dev/null
    return
  fi
  pg_dump "service=$1" ${snapshot:+--snapshot="$snapshot"} --format=custom --blobs --exclude-table-data='*.*' "${left_out[@]}" --no-owner --no-privileges --file="$work/objects.dump"
  pg_restore --list "$work/objects.dump" | awk '$4 ~ /^BLOB/ || $4 == "COMMENT" && $6 == "LARGE"' >"$work/list"
  { cat "$here/session.sql"; echo "BEGIN; $unlink;"; pg_restore --use-list="$work/list" --single-transaction --no-owner --no-privileges --file=- "$work/objects.dump"; } |
    psql -XqAt -v ON_ERROR_STOP=1 "service=$2" >/dev/null
  say progress step large-objects
}

# refresh SIDE: materialized views that have rows, in the order that they need.
refresh() {
  [[ $(psql_on "$1" -c "SELECT EXISTS (SELECT FROM pg_class WHERE relkind = 'm' AND relispopulated)") == t ]] || return 0
  pg_dump "service=$1" --format=custom --section=post-data "${left_out[@]}" --file="$work/views.dump"
  pg_restore --list "$work/views.dump" | awk '$4 == "MATERIALIZED" && $6 == "DATA"' >"$work/list"
  [[ -s $work/list ]] || return 0
  { cat "$here/session.sql"; pg_restore --use-list="$work/list" --file=- "$work/views.dump"; } | psql -XqAt -v ON_ERROR_STOP=1 "service=$1" >/dev/null
  say progress step materialized-views
}

set_sequences() {
  old -f "$here/kept.sql" -f "$here/sequences.sql" >"$work/sequences"
  new -f "$work/sequences" >/dev/null
}

verb_sequences() {
  know_platform
  set_sequences
  say done sequences: "$(wc -l <"$work/sequences")"
}

# ---- following

start_relay() {
  perl "$here/relay.pl" "$source_host" "$source_port" "$target_host" "$target_port" >"$work/relay" &
  relay=$!
  children+=("$relay")
  local waited
  for waited in {1..100}; do
    [[ ! -s $work/relay ]] || break
    kill -0 "$relay" || fail "$(trouble)"
    sleep 0.05
  done
  read -r relay_address relay_port <"$work/relay"
}

subscribe() {
  local upstream
  upstream="$(cat "$work/upstream") hostaddr=$relay_address port=$relay_port"
  upstream=${upstream//\\/\\\\}
  PGOPTIONS="-c slipway.upstream=${upstream// /\\ }" new -f "$here/subscribe.sql"
}

# Postgres 12 knows no wal_status yet.
slot_status() { old -c "SELECT coalesce(to_json(s) ->> 'wal_status', 'there') FROM pg_replication_slots s WHERE slot_name = 'slipway_move' AND database = current_database()"; }

may_follow() {
  [[ $(mark state) == copied ]] || refuse not-copied 'There is no whole copy that could follow.' 'Copy first: npx slipway move <environment> copy'
  case $(slot_status) in
    '') refuse no-slot 'The copy does not follow: the old database has no slot of the move, or dropped it.' 'Copy again: npx slipway move <environment> copy' ;;
    lost) refuse slot-lost 'The old database gave up the slot: the copy was behind for too long.' 'Copy again: npx slipway move <environment> copy' ;;
  esac
}

lag() {
  local behind errors
  behind=$(old -F ' ' -c "SELECT coalesce(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), confirmed_flush_lsn), 0), active FROM pg_replication_slots WHERE slot_name = 'slipway_move' AND database = current_database()")
  if [[ -z $behind ]]; then
    say "$1" following: false
    return
  fi
  errors=$(new -f - <<'SQL'
SELECT current_setting('server_version_num')::int >= 150000 AS counts \gset
\if :counts
SELECT coalesce((SELECT apply_error_count FROM pg_stat_subscription_stats WHERE subname = 'slipway_move'), 0);
\else
SELECT 0;
\endif
SQL
  )
  say "$1" following: true active: "$([[ ${behind#* } == t ]] && echo true || echo false)" lagBytes: "${behind% *}" errors: "${errors:-0}"
}

verb_follow() {
  may_follow
  start_relay
  subscribe
  no_longer_alone
  say progress step following
  trap 'stopping=1; kill "$sleeper" 2>/dev/null || true' TERM INT
  local stopping=''
  sleeper=''
  while [[ -z $stopping ]]; do
    kill -0 "$relay" 2>/dev/null || fail "$(trouble)"
    lag progress
    [[ -n $(slot_status) ]] || break
    sleep 5 &
    sleeper=$!
    wait "$sleeper" || true
  done
  trap 'exit 143' TERM INT
  say done
}

verb_lag() { lag done; }

put_triggers_to_sleep() { platform='{}' new -f "$here/kept.sql" -f "$here/sleep.sql"; }

end_following() {
  new -f "$here/unsubscribe.sql"
  old -f "$here/unpublish.sql"
}

verb_unfollow() {
  end_following
  say done
}

# ---- the write hold

# hold SIDE MARK: what was there before is written down before it is changed.
hold() {
  local before
  [[ -n $(mark "$2") ]] || { before=$(psql_on "$1" -f "$here/settings.sql"); set_mark "$2" "$before"; }
  if ! answer=$(psql_on "$1" -f "$here/hold.sql"); then
    local why
    why=$(trouble)
    release "$1" "$2"
    refuse hold "The database cannot be made read only: $why" 'Use a URL whose user owns the database.'
  fi
  say done found: "$answer"
}

# shut SIDE: until this task ends, or releases that side, nobody writes a row there, whatever they say.
shut() {
  local name="shut.$1"
  [[ -z ${session_pid[$name]:-} ]] || return 0
  open_session "$name" "service=$1" -v platform="$platform" -v without="$without"
  ask_session "$name" "$(printf '\\i %s\n' "$here/session.sql" "$here/kept.sql" "$here/shut.sql")"$'\n'"SELECT 'shut';"
}
is_shut() { [[ -n ${session_pid[shut.$1]:-} ]] && ask_session "shut.$1" "SELECT 'shut';"; }

release() {
  [[ -z ${session_pid[shut.$1]:-} ]] || close_session "shut.$1"
  local before
  before=$(mark "$2")
  [[ -n $before ]] || return 0
  # What is written from then on follows again; and whoever applies it has the tables that these are of. Nobody waits long for them.
  [[ $2 != hold || $(mark state) != copied ]] || put_triggers_to_sleep ||
    say progress step waiting text "Triggers that fire on what follows stay awake, as somebody has their tables: where they write anything, the copy is taken anew before the flip. $(trouble)"
  psql_on "$1" -v before="$before" -f "$here/release.sql"
  drop_mark "$2"
}

verb_hold() { hold source hold; }
verb_hold-new() { hold target hold-new; }
verb_release() {
  release source hold
  say done
}
verb_release-new() {
  release target hold-new
  say done
}

verb_catch-up() {
  alone
  know_platform
  may_follow
  [[ -n $(mark hold) ]] || refuse not-held 'The old database may still be written to.' 'Hold it first: the verb hold comes before catch-up.'
  if [[ $(old -c "SELECT active FROM pg_replication_slots WHERE slot_name = 'slipway_move'") != t ]]; then
    start_relay
    subscribe
  fi
  local position
  position=$(old -v bound="$bound" -f "$here/caught-up.sql")
  say progress step caught-up position "$position"
  read_tables
  for_tables copy_stayed
  copy_large_objects source target
  refresh target
  new -f "$here/wake.sql"
  say done position "$position"
}

# Rows of a table that could not follow come once more.
copy_stayed() {
  local name=$1 columns=${2:+($2)} stays=$4
  [[ -n $stays ]] || return 0
  old -c "COPY $name $columns TO STDOUT" |
    new -c BEGIN -c 'SET LOCAL session_replication_role = replica' -v name="$name" -f "$here/uncheck.sql" \
      -c "DELETE FROM ONLY $name" -c "COPY $name $columns FROM STDIN" -f "$here/check.sql" -c COMMIT
  say progress step table table "$name" why "$stays"
}

# ---- comparing

# Under a hold nothing can be written behind what is compared.
verb_compare() {
  know_platform
  [[ -z $(mark hold) ]] || shut source
  [[ -z $(mark hold-new) ]] || shut target
  read_tables
  compare
  say done tables: "$(tr -cd '\0' <"$work/tables" | wc -c)"
}

compare() {
  : >"$work/differences"
  compare_schema
  [[ -s $work/differences ]] || compare_tables
  [[ -s $work/differences ]] || compare_rest
  tell_differences
}

tell_differences() {
  [[ ! -s $work/differences ]] || fail "The databases differ:
$(head -n 20 "$work/differences")"
}

read_schema() { "$1" -f "$here/kept.sql" -f "$here/schema.sql"; }

compare_schema() {
  both "$work/schema" -f "$here/kept.sql" -f "$here/schema.sql"
  spell_as_new
  LC_ALL=C comm -23 "$work/schema.old" "$work/schema.new" | sed $'s/\037.*//; s/^/missing in the new one: /' >>"$work/differences"
  LC_ALL=C comm -13 "$work/schema.old" "$work/schema.new" | sed $'s/\037.*//; s/^/only in the new one: /' >>"$work/differences"
}

# Expressions that Postgres spells otherwise since they were restored: what the old database said when its schema was read, and what
# the new one made of it. Whatever else differs, or anything that says something else later, is a difference.
note_spelling() {
  read_schema new >"$work/schema.new"
  awk -F $'\037' 'NR == FNR { if ($2 != "") made[$2] = $1; next } $2 in made { print $2 FS $1 FS made[$2] }' \
    <(LC_ALL=C comm -13 "$work/schema.old" "$work/schema.new") <(LC_ALL=C comm -23 "$work/schema.old" "$work/schema.new") |
    sed 's/\\/\\\\/g' | new -c "COPY slipway_move.spelled FROM STDIN (DELIMITER E'\\x1f')"
}

spell_as_new() {
  new -F $'\037' -f - <<'SQL' >"$work/spelled"
SELECT to_regclass('slipway_move.spelled') IS NOT NULL AS "there" \gset
\if :there
SELECT what, old, new FROM slipway_move.spelled;
\endif
SQL
  mv "$work/schema.old" "$work/schema.said"
  awk -F $'\037' 'FILENAME ~ /spelled$/ { made[$2 FS $1] = $3 FS $1; next } FILENAME ~ /new$/ { known[$0] = 1; next }
    { print ($0 in made) && !($0 in known) ? made[$0] : $0 }' \
    "$work/spelled" "$work/schema.new" "$work/schema.said" | LC_ALL=C sort >"$work/schema.old"
}

# Number of rows, and the sum of their checksums: whatever the order, a row that differs, is missing or doubled changes it.
# The hash is the one that tables are partitioned by, which no version of Postgres may change.
# Of what the bytes are in UTF8, where the old database has another encoding.
hash_of() {
  local row="ROW($1)::text"
  [[ $encoding == UTF8 ]] || row="encode(convert_to($row, 'UTF8'), 'hex')"
  printf 'hashtextextended(%s COLLATE "C", 0)' "$row"
}
sum_of() { printf "SELECT count(*) || ' rows, checksum ' || coalesce(sum(%s), 0)" "$(hash_of "$1")"; }

# both FILE ARGUMENTS…: what psql says with them on either side, in FILE.old and FILE.new. Both are asked at once.
both() {
  local file=$1 pid
  shift
  old "$@" >"$file.old" &
  pid=$!
  new "$@" >"$file.new" || { wait "$pid" || true; return 2; }
  wait "$pid"
}

# ask_both STATEMENT STATEMENT: what the old database answers to the one and the new one to the other, in $left and $right.
ask_both() {
  local pid file="$work/left.$BASHPID"
  old "${at_snapshot[@]}" -c "$1" >"$file" &
  pid=$!
  right=$(new -c "$2") || { wait "$pid" || true; return 2; }
  wait "$pid"
  left=$(<"$file")
}

compare_tables() {
  compare_noted
  for_tables compare_table
}

compare_table() {
  local name=$1 columns=$3 key=$6 left right
  local what="$name"$'\037'"$columns"$'\037'"$key"
  local rows=${equal[$what]:-}
  if [[ -z $rows && $verb == copy-back && -n ${noted[$what]:-} ]]; then
    printf '%s\0' "$name" >>"$work/changed"
    return
  fi
  if [[ -z $rows ]]; then
    ask_both "$(sum_of "$columns") FROM ONLY $name" "$(sum_of "$columns") FROM ONLY $name"
    rows=${left%% *}
    [[ $left == "$right" ]] || differ "$name" "$left" "$right"
  fi
  say progress step compared table "$name" rows: "$rows" ahead: "$([[ -n ${equal[$what]:-} ]] && echo true || echo false)"
}

differ() {
  printf 'table %s: %s in the old one, %s in the new one\n' "$1" "$2" "$3" >>"$work/differences"
  printf '%s\0' "$1" >>"$work/changed"
}

# Reading every row of a big table takes longer than a hold may. So each is compared while the copy's moment is there to be compared
# with, and how to tell what was written since is noted: in the old database rows of transactions that the moment does not see, in
# the new one all that the copy did not write. In the hold these are compared, with the number of rows and the sum of all keys:
# what was written on neither side since is as equal as it was. Where that does not agree, or columns changed, all is read again.
compare_ahead() {
  local name=$1 columns=$2 key=$3 key_hash=$4 transaction=$5 left right moment seen width_old width_new
  moment='(SELECT (txid_snapshot_xmin(txid_current_snapshot()) % 4294967296)::text::xid)'
  # Of the transactions that are not older than all that the moment does not see, those that it sees.
  seen="(SELECT coalesce(array_agg(DISTINCT xmin::text), '{}') FROM ONLY $name WHERE age(xmin) BETWEEN 0 AND age($moment))"
  ask_both "$(sum_of "$columns"), $(width_of "$name"), $moment, $seen FROM ONLY $name" "$(sum_of "$columns"), $(width_of "$name") FROM ONLY $name"
  if [[ ${left%%|*} != "${right%|*}" ]]; then
    differ "$name" "${left%%|*}" "${right%|*}"
    return
  fi
  IFS='|' read -r left width_old moment seen <<<"$left"
  width_new=${right##*|}
  ((${#seen} <= 100000)) || return 0
  new -v what="$name"$'\037'"$columns"$'\037'"$key" \
    -v old="$(since_of "$name" "$columns" "$key_hash" "$width_old" "age(xmin) BETWEEN 0 AND age('$moment'::xid) AND xmin <> ALL ('$seen'::xid[])")" \
    -v new="$(since_of "$name" "$columns" "$key_hash" "$width_new" "xmin <> '$transaction'::xid")" \
    -f - <<<"INSERT INTO slipway_move.compared (what, old, new) VALUES (:'what', :'old', :'new')"
}

# Columns that a table ever had: one that went and came again is another.
width_of() { printf '(SELECT relnatts FROM pg_class WHERE oid = %s::regclass)' "$(literal "$1")"; }

# since_of NAME COLUMNS KEY_HASH WIDTH CONDITION: what is asked of one side in the hold.
since_of() {
  printf 'SELECT count(*), coalesce(sum(%s), 0), coalesce(sum(%s) FILTER (WHERE %s), 0) FROM ONLY %s HAVING %s = %s' \
    "$3" "$(hash_of "$2")" "$5" "$1" "$(width_of "$1")" "$4"
}

# What was compared ahead, in $noted; and what agrees still, with its number of rows, in $equal.
compare_noted() {
  local number old new what rows part pid pids=() failed=''
  local -A agree=() parts=()
  equal=() noted=()
  # A rehearsal is compared with its moment.
  [[ -z $snapshot ]] || return 0
  new -0 -F $'\037' -f - <<'SQL' >"$work/noted"
SELECT to_regclass('slipway_move.compared') IS NOT NULL AS "there" \gset
\if :there
SELECT number, old, new, what FROM slipway_move.compared;
\endif
SQL
  while IFS=$'\037' read -r -d '' number old new what; do
    noted[$what]=$number
    part=$((number % jobs))
    [[ -n ${parts[$part]:-} ]] || rm -f "$work/part.$part".*
    parts[$part]=1
    printf 'SELECT %s, c.* FROM (%s) c;\n' "$number" "$old" >>"$work/part.$part.old"
    printf 'SELECT %s, c.* FROM (%s) c;\n' "$number" "$new" >>"$work/part.$part.new"
  done <"$work/noted"
  for part in "${!parts[@]}"; do
    compare_part "$work/part.$part" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  [[ -z $failed ]]
  for part in "${!parts[@]}"; do
    while IFS='|' read -r number rows; do agree[$number]=$rows; done <"$work/part.$part.agree"
  done
  for what in "${!noted[@]}"; do equal[$what]=${agree[${noted[$what]}]:-}; done
}

compare_part() {
  local pid
  old -f "$1.old" >"$1.left" &
  pid=$!
  new -f "$1.new" >"$1.right" || { wait "$pid" || true; return 2; }
  wait "$pid"
  LC_ALL=C comm -12 <(LC_ALL=C sort "$1.left") <(LC_ALL=C sort "$1.right") | cut -d '|' -f 1,2 >"$1.agree"
}

# Sequences stand still only in a hold; large objects are few, or slow.
compare_rest() {
  local objects="SELECT count(*) || ' large objects, checksum ' || coalesce(sum(('x' || substr(md5(oid || md5(lo_get(oid))), 1, 16))::bit(64)::bigint::numeric), 0) FROM pg_largeobject_metadata"
  local left right
  ask_both "$objects" "$objects"
  [[ $left == "$right" ]] || printf '%s in the old one, %s in the new one\n' "$left" "$right" >>"$work/differences"
  [[ -n $rehearse ]] || compare_sequences
}

compare_sequences() {
  both "$work/sequences" -f "$here/kept.sql" -f "$here/sequences.sql"
  LC_ALL=C comm -3 <(LC_ALL=C sort "$work/sequences.old") <(LC_ALL=C sort "$work/sequences.new") |
    sed -E 's/^\t(.*)/sequence in the new one: \1/; t; s/^/sequence in the old one: /' >>"$work/differences"
}

# ---- from one side to the other, and back

# Written down before following ends: cut short in between, nothing is left that follows by half.
verb_flipped() {
  alone
  if [[ $(mark state) == flipped ]]; then
    end_following
    say done already: true
    return
  fi
  [[ $(mark state) == copied ]] || refuse not-copied 'There is no whole copy that services could use.' 'Copy first: npx slipway move <environment> copy'
  [[ -n $(mark hold) ]] || refuse not-held 'The old database may still be written to.' 'Hold it first: the verb hold comes before flipped.'
  is_shut source || refuse not-compared 'What was written to the old database since it was compared is not known: no session keeps its tables locked, or none any more.' 'Run it again: npx slipway move <environment> flip'
  new -f "$here/disable.sql"
  drop_slot_back
  new -f "$here/kept.sql" -c 'DROP TABLE IF EXISTS slipway_move.flipped' \
    -c 'CREATE TABLE slipway_move.flipped AS SELECT oid, relfilenode, relnatts FROM kept_tables JOIN pg_class USING (oid)'
  count_from_here
  new -f - <<'SQL'
SELECT pg_create_logical_replication_slot('slipway_move_back', 'test_decoding') WHERE current_setting('wal_level') = 'logical' \g /dev/null
SQL
  set_mark state flipped
  end_following
  # Nobody else has written yet.
  count_from_here
  say done
}
count_from_here() { set_mark since "$(new -c 'SELECT pg_snapshot_xmax(pg_current_snapshot())')"; }
drop_slot_back() { new -c "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'slipway_move_back'" >/dev/null; }

has_slot_back() { [[ $(new -c "SELECT count(*) FROM pg_replication_slots s WHERE slot_name = 'slipway_move_back' AND to_json(s) ->> 'wal_status' IS DISTINCT FROM 'lost'") == 1 ]]; }

# changes_back WHAT: asks it of all that was written to tables since the flip.
changes_back() {
  printf "SELECT %s FROM pg_logical_slot_peek_changes('slipway_move_back', NULL, NULL, 'skip-empty-xacts', '1') WHERE data LIKE 'table %%' AND data NOT LIKE 'table slipway_move.%%'" "$1"
}

# What going back would lose. Without a slot to read, every number that a transaction took counts: never too few.
verb_transactions-since() {
  local count exact=true
  if [[ $(mark state) != flipped ]]; then
    say done transactions: 0 exact: true
    return
  fi
  if has_slot_back; then
    count=$(new -c "$(changes_back 'count(DISTINCT xid::text)')")
  else
    exact=false
    count=$(new -v since="$(mark since)" -f - <<<"SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint - :'since'::bigint")
  fi
  say done transactions: "$count" exact: "$exact"
}

verb_copy-back() {
  alone
  know_platform
  [[ $(mark state) == flipped ]] || refuse not-flipped 'Services do not use the environment'"'"'s database: there is nothing to bring back.' 'npx slipway move <environment> shows where the move stands.'
  [[ -n $(mark hold) && -n $(mark hold-new) ]] || refuse not-held 'One of the two databases may still be written to.' 'Hold both first: the verbs hold and hold-new come before copy-back.'
  : >"$work/differences"
  compare_schema
  [[ ! -s $work/differences ]] || refuse schema "Tables were changed since the flip, and the old database does not have them so:
$(head -n 20 "$work/differences")" 'Make the same changes in the old database, or go back without the rows: their number is what that costs.'
  read_tables
  find_changed
  if [[ -s $work/changed ]]; then
    write_back | old -f - >/dev/null
    [[ -f $work/whole ]] || fail "$(trouble)"
  fi
  copy_large_objects target source
  new -f "$here/kept.sql" -f "$here/sequences.sql" >"$work/sequences"
  old -f "$work/sequences" >/dev/null
  refresh source
  say done tables: "$(tr -cd '\0' 2>/dev/null <"$work/changed" | wc -c)"
}

# What was written since the flip: told by the slot that began there, where there is one. Of what no log tells, all is compared.
find_changed() {
  local line name
  rm -f "$work/changed"
  touched=()
  if ! has_slot_back; then
    compare_tables
    return
  fi
  mkdir -p "$work/keys"
  new -v FETCH_COUNT=1000 -0 -c "$(changes_back data)" | perl "$here/changes.pl" "$work/tables" "$work/keys" >"$work/told"
  while IFS= read -r -d '' line; do
    name=${line#* }
    if [[ $line == keys* ]]; then
      touched[${name#* }]="$work/keys/${name%% *}"
      name=${name#* }
    fi
    printf '%s\0' "$name" >>"$work/changed"
  done <"$work/told"
  find_reshaped
  for_tables compare_untold
}

# Tables that were made or written anew in another shape since the flip, and changed rows that no log tells of.
find_reshaped() {
  local name
  reshaped=()
  new -0 -f "$here/kept.sql" -c 'SELECT name FROM kept_tables JOIN pg_class c USING (oid) LEFT JOIN slipway_move.flipped f USING (oid)
    WHERE (f.relfilenode, f.relnatts) IS DISTINCT FROM (c.relfilenode, c.relnatts)' >"$work/reshaped"
  while IFS= read -r -d '' name; do
    reshaped[$name]=1
    touched[$name]=''
  done <"$work/reshaped"
}

compare_untold() { [[ $4 != unlogged && -z ${reshaped[$1]:-} ]] || compare_table "$@"; }

# The statements of one transaction. It is committed by its last word alone: where this ends early, nothing has happened.
write_back() {
  local name columns all_columns stays bytes key key_hash rest
  local -A is_changed=()
  while IFS= read -r -d '' name; do is_changed[$name]=1; done <"$work/changed"
  # Both are asked for before anything is locked.
  around_copy_back after >"$work/after"
  echo 'BEGIN;'
  around_copy_back before
  while IFS=$'\037' read -r -d '' name columns all_columns stays bytes key key_hash rest; do
    [[ -n ${is_changed[$name]:-} ]] || continue
    if [[ -n ${touched[$name]:-} ]]; then
      write_rows_back "$name" "$columns" "$key" "$key_hash"
    else
      write_table_back "$name" "${columns:+($columns)}"
    fi
  done <"$work/tables" | new -f -
  cat "$work/after"
  : >"$work/whole"
  echo 'COMMIT;'
}

# The names of the tables go in as rows: a command line holds some thousand.
around_copy_back() {
  {
    printf 'CREATE TEMPORARY TABLE named (name text);\nCOPY pg_temp.named FROM STDIN;\n'
    perl -0 -ne 'chomp; s/\\/\\\\/g; s/\n/\\n/g; s/\t/\\t/g; s/\r/\\r/g; print "$_\n"' "$work/changed"
    printf '\\.\n'
    cat "$here/around-copy-back.sql"
  } | old -v when="$1" -f -
}

# What comes next is for one session of the environment's database, as each of its own would last longer than a few rows do:
# it is told what to tell the old one, with the rows in between.
tell_old() {
  local text=${1//\\/\\\\}
  text=${text//\'/\'\'}
  printf "\\\\echo '%s'\n" "${text//$'\n'/\\n}"
}

# Rows that were written since the flip go, by their keys, and come as they are now.
write_rows_back() {
  local name=$1 columns=$2 key=$3 key_hash=$4
  # An index helps with whole numbers; of other types nobody knows what is equal but their text.
  local of="ROW($key)::text"
  [[ -z $key_hash ]] || of=$key
  local written="$of IN (SELECT $of FROM pg_temp.touched)"
  local make="CREATE TEMPORARY TABLE touched ON COMMIT DROP AS SELECT $key FROM ONLY $name WITH NO DATA; COPY pg_temp.touched FROM STDIN;"
  tell_old "$make"
  printf '\\! cat %q\n' "${touched[$name]}"
  tell_old '\.'
  tell_old "ANALYZE pg_temp.touched; DELETE FROM ONLY $name WHERE $written; DROP TABLE pg_temp.touched;"
  tell_old "COPY $name ($columns) FROM STDIN;"
  printf 'BEGIN; %s\n' "$make"
  cat "${touched[$name]}"
  printf '\\.\nANALYZE pg_temp.touched; COPY (SELECT %s FROM ONLY %s WHERE %s) TO STDOUT; COMMIT;\n' "$columns" "$name" "$written"
  tell_old '\.'
}

# write_table_back NAME COLUMNS: all of its rows.
write_table_back() {
  tell_old "DELETE FROM ONLY $1; COPY $1 $2 FROM STDIN;"
  printf 'COPY %s %s TO STDOUT;\n' "$1" "$2"
  tell_old '\.'
}

verb_unflipped() {
  alone
  [[ $(mark state) != flipped ]] || set_mark state stale
  drop_slot_back
  say done
}

# ---- leaving nothing behind

verb_clean() {
  alone
  end_following
  release source hold
  release target hold-new
  drop_slot_back
  drop_rehearsal
  new -c 'DROP SCHEMA IF EXISTS slipway_move CASCADE'
  say done
}

drop_rehearsal() {
  local name="${target_database}_rehearsal"
  [[ -n $(psql_on instance -v name="$name" -f - <<<"SELECT 1 FROM pg_database WHERE datname = :'name'") ]] || return 0
  note_roles "$name"
  psql_on instance -v name="$name" -f - <<<'DROP DATABASE :"name"'
  drop_roles
}

verb_reset() {
  alone
  if [[ -n $rehearse ]]; then
    drop_rehearsal
    say done
    return
  fi
  case $(mark state) in
    flipped) refuse flipped 'Services write to this database: what they wrote would be lost.' 'Go back first: npx slipway move <environment> back' ;;
    copying | copied | stale)
      set_mark state copying
      end_following
      note_roles "$target_database"
      empty_target
      drop_roles
      drop_mark state
      ;;
  esac
  say done
}

# ---- a word from outside: the task of `gate` is stopped, and whoever awaits it goes on

verb_gate() {
  set_mark gate shut
  trap 'open_gate' TERM INT
  say progress step ready
  while :; do
    sleep 600 &
    wait $! || true
  done
}

open_gate() {
  trap '' TERM INT
  set_mark gate open
  say done
  exit 0
}

verb_await() {
  say progress step ready
  local waited=0
  until [[ $(mark gate) == open ]]; do
    ((waited += 1)) || true
    ((waited < bound * 4)) || refuse not-opened 'Nobody gave the word within the bound.' 'Begin the step again.'
    sleep 0.2
  done
  drop_mark gate
  say done
}

verbs=()
for word in "$@"; do
  case $word in
    --follow) follow=true ;;
    --again) again=true ;;
    --rehearse) rehearse=true again=true ;;
    --jobs=*) jobs=${word#*=} ;;
    --bound=*) bound=${word#*=} ;;
    *) verbs+=("$word") ;;
  esac
done
for word in "${verbs[@]}"; do
  declare -F "verb_$word" >/dev/null || refuse verb "$word is no verb of the mover." "Verbs: $(declare -F | sed -n 's/^declare -f verb_//p' | tr '\n' ' ')"
done
connect
for verb in "${verbs[@]}"; do "verb_$verb"; done
