import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, join, resolve } from "node:path";
import { binaryOf, INSTALL, NAMES } from "../../terraform/binaries";
import { program } from "../program";
import { UsageError } from "./options";
import { otherFolders } from "./isolation";

/** The stand-in for the terraform executable: its folder, its path, and the executable behind it. */
export interface Shim {
  bin: string;
  terraform: string;
  real: string;
}

/**
 * Writes the executable that stands before the real terraform (or tofu). It works on a copy of the configuration, in
 * `<sandbox>/stacks/<name>`, where an override file replaces whatever backend is configured (backend.ts says by what):
 * no real state is reached, and the folder of the configuration is left as it was.
 */
export function writeShim(sandbox: string, environment: NodeJS.ProcessEnv): Shim {
  const wanted = binaryOf(environment);
  const real = realBinary(wanted, environment.PATH);
  const bin = join(sandbox, "bin");
  for (const folder of [bin, join(sandbox, "state")]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  // By either name, the one that was asked for: the other would write a state that this one need not understand.
  for (const name of new Set([...NAMES, basename(wanted)]))
    writeFileSync(join(bin, name), script(real, sandbox), { mode: 0o700 });
  return { bin, terraform: join(bin, basename(wanted)), real };
}

/** The real executable. A sandbox inside a sandbox looks behind the outer one's shim. */
function realBinary(wanted: string, path: string | undefined): string {
  const shim = isAbsolute(wanted) && dirname(wanted).endsWith(join(".sandbox", "bin"));
  if (wanted.includes("/") && !shim) return resolve(wanted);
  const found = (name: string) =>
    otherFolders(path)
      .map((folder) => join(folder, name))
      .find(isExecutable);
  const real = found(basename(wanted));
  if (real !== undefined) return real;
  const other = NAMES.find(found);
  const way = other ? `, or take ${other}, which is there: export TERRAFORM_BINARY_NAME=${other}` : "";
  throw new UsageError(`${basename(wanted)} is not on the PATH: ${INSTALL}${way}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const BACKEND = program(join(__dirname, `backend${extname(__filename)}`));

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function script(real: string, sandbox: string): string {
  return `#!/bin/sh
# Written by the sandbox: runs the real terraform on a copy of the configuration, with a state of the sandbox.
set -eu
real=${quote(real)}
sandbox=${quote(sandbox)}
backend() { ${[process.execPath, ...BACKEND].map(quote).join(" ")} "$@"; }
${BODY}`;
}

const BODY = `
directory=.
case "\${1-}" in -chdir=*) directory=\${1#-chdir=}; shift ;; esac

# Commands that read no configuration, and "providers lock": a provider that is attached has no checksums to record.
case "\${1-}" in
  "" | -* | version | fmt | login | logout) exec "$real" "$@" ;;
  providers) case "\${2-}" in lock) exit 0 ;; esac ;;
esac

# States hold what is secret: what is written from here on is for its owner alone.
umask 077

source=$(cd "$directory" && pwd -P)
case "$source" in "$sandbox"/stacks/*) exec "$real" -chdir="$source" "$@" ;; esac

name=$(basename "$source")
case "$source" in
  */cdktf.out/stacks/*) ;;
  *) name=$name-$(printf %s "$source" | cksum | cut -d ' ' -f 1) ;;
esac
copy=$sandbox/stacks/$name
mkdir -p "$copy"

# Files go in one by one and only when they differ, so two commands at once never see half a file.
for path in "$source"/* "$source"/.[!.]*; do
  file=\${path##*/}
  case "$file" in .sandbox | .git | node_modules | cdktf.out | .terraform | .terraform.lock.hcl | *.tfstate | *.tfstate.* | '*' | '.[!.]*') continue ;; esac
  if [ -d "$path" ]; then
    diff -rq "$path" "$copy/$file" >/dev/null 2>&1 || { rm -rf "\${copy:?}/$file"; cp -R "$path" "$copy/$file"; }
  elif [ -f "$path" ] && ! cmp -s "$path" "$copy/$file"; then
    cp "$path" "$copy/.$$.new" && mv -f "$copy/.$$.new" "$copy/$file"
  fi
done
for path in "$copy"/*.tf "$copy"/*.tf.json "$copy"/*.tofu "$copy"/*.tofu.json "$copy"/*.tfvars; do
  file=\${path##*/}
  case "$file" in sandbox_override.tf.json) continue ;; esac
  [ -e "$source/$file" ] || rm -f "$path"
done

state=$(printf %s "$sandbox/state/$name.tfstate" | sed 's/[\\\\"]/\\\\&/g')
override='{"terraform":{"backend":{"local":{"path":"'$state'"}}}}'
settings=$copy/sandbox.tfbackend.json
given=
if [ "$1" = init ]; then
  if [ -e "$settings" ]; then given=1; rm "$settings"; fi
  case "$*" in *-backend-config*) given=1 ;; esac
fi
decided=$copy/sandbox.in-bucket
in_bucket=
if grep -qs '"s3"' "$source"/*.tf "$source"/*.tf.json "$source"/*.tofu "$source"/*.tofu.json; then
  written=$(cat "$source"/*.tf "$source"/*.tf.json "$source"/*.tofu "$source"/*.tofu.json 2>/dev/null | cksum)
  # Each account has buckets of its own.
  written="$written \${SANDBOX_WORLD-}"
  # A state that is in its bucket stays there as long as the configuration is the same: asking takes a start of Node.
  if [ -z "$given" ] && [ "$(cat "$decided" 2>/dev/null)" = "$written" ] && [ -e "$copy/.terraform/terraform.tfstate" ]; then
    override=$(cat "$copy/sandbox_override.tf.json")
    in_bucket=1
  else
    override=$(backend "\${SANDBOX_WORLD:-$sandbox}" "$source" "$copy" "$override" "$@")
    if [ ! -e "$copy/sandbox.no-bucket" ]; then case "$override" in *'"s3"'*) in_bucket=1 ;; esac; fi
  fi
fi
if [ "$(cat "$copy/sandbox_override.tf.json" 2>/dev/null)" != "$override" ]; then
  printf '%s\\n' "$override" >"$copy/.$$.new" && mv -f "$copy/.$$.new" "$copy/sandbox_override.tf.json"
fi
if [ -n "$in_bucket" ]; then printf '%s\\n' "$written" >"$decided"; else rm -f "$decided"; fi

# Of these settings, a backend gets those that backend.ts left.
if [ "$1" = init ]; then
  skip=
  for argument; do
    shift
    if [ -n "$skip" ]; then skip=; continue; fi
    case "$argument" in
      -backend-config=* | --backend-config=*) ;;
      -backend-config | --backend-config) skip=1 ;;
      *) set -- "$@" "$argument" ;;
    esac
  done
  if [ -e "$settings" ]; then set -- "$@" "-backend-config=$settings"; fi
fi
if [ -n "$in_bucket" ] && [ -e "$copy/sandbox.profile" ]; then
  AWS_PROFILE=$(cat "$copy/sandbox.profile")
  export AWS_PROFILE
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
fi
exec "$real" -chdir="$copy" "$@"
`;
