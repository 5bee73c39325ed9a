import type { BlockSchema } from "../schema/types";
import type { Fields, Value } from "../wire/value";
import type { World, WorldObject } from "../world";

/** A refusal in AWS's own words; the path says which attribute to look at. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly path?: string,
  ) {
    super(message);
    this.name = code;
  }
}

/** A mistake that the real provider reports before it calls AWS. */
export interface Problem {
  path: string;
  message: string;
}

/** What is going on when a knowledge function runs: one object being made, changed or removed. */
export interface Situation {
  world: World;
  type: string;
  region: string;
  account: string;
  schema: BlockSchema;
  /** The object's attributes as planned; those that AWS makes up are filled in as they become known. */
  attributes: Fields;
  /** The attributes before this change; absent when it is being made. */
  before?: Fields;
  /** Write-only arguments of the configuration. Never put these into the world in the clear. */
  secrets: Record<string, string>;
  /** The object in the world, once it exists. */
  object?: WorldObject;
  /** Hexadecimal digits of its own; another salt gives others. */
  hex(length: number, salt?: string): string;
}

/** How AWS makes up a value: a template such as "arn:aws:ec2:{region}:{account}:vpc/{id}", a literal, or a function. */
export type Maker = Value | ((situation: Situation) => Value);

/** An attribute that names another object. */
export interface Reference {
  type: string | readonly string[];
  /** The attribute of the other object that is named; its id if absent. */
  by?: string;
  /** False when the other object may be removed while it is named. */
  holds?: boolean;
  /** The part of the attribute's value that names the other object. */
  part?: (value: string) => string | undefined;
}

/** Says what is wrong with a value, or nothing. */
export type Rule = (value: Value) => string | undefined;

/** All that the sandbox knows of one resource type, beside its schema. Paths are dotted, without list indices. */
export interface Kind {
  /** Values that AWS makes up, in the order in which they may use each other. */
  made?: Record<string, Maker>;
  /** Values that the provider or AWS is known to fill in for arguments that were left out. */
  defaults?: Record<string, Value>;
  /** Arguments whose change makes a new object (ForceNew). */
  replace?: readonly string[];
  /** Computed attributes that an update makes unknown: the arguments whose change does so ("*": any), or a test. */
  renew?: Record<string, readonly string[] | ((planned: Fields) => boolean)>;
  /** Longest name, for types whose name may be generated from name_prefix. */
  nameLength?: number;
  rules?: Record<string, Rule | readonly Rule[]>;
  /** Arguments of which at most one may be given. */
  exclusive?: readonly (readonly string[])[];
  /** Arguments of which exactly one must be given. */
  exactlyOne?: readonly (readonly string[])[];
  /** Checks over several arguments; unknown values are not mistakes. */
  verify?: (config: Fields) => Problem[];
  /** Last word on a plan: may change planned values, and return further paths that force a replacement. */
  plan?: (planned: Fields, before: Fields | undefined, config: Fields) => readonly string[] | undefined;
  refs?: Record<string, Reference>;
  /** Arguments that together must be unique for type and region, and AWS's code for a duplicate. */
  unique?: { by: readonly string[]; code: string; message?: string };
  /** What AWS says when something names an object of this type that does not exist. */
  missing?: { code: string; message: string };
  /** What AWS says when an object of this type is removed while others name it. */
  inUse?: { code: string; message: string };
  /** Codes of refusals that the provider waits out, because something else in the same apply may end them. */
  retries?: readonly string[];
  /** AWS's own checks before the object is made or changed. */
  check?: (situation: Situation) => void;
  /** What else happens in the account when it was made or changed. */
  after?: (situation: Situation) => void;
  /** AWS's own checks before it is removed. */
  removable?: (situation: Situation & { object: WorldObject }) => void;
  /** What else happens when it was removed. */
  removed?: (situation: Situation & { object: WorldObject }) => void;
  /** Finds the object that this resource adopts instead of making a new one. */
  adopt?: (situation: Situation) => WorldObject | undefined;
  /** The id that `terraform import` takes, as a template; the plain id is always taken. */
  importAs?: readonly string[];
  /** Brings attributes that follow from other objects up to date, at every refresh. */
  refresh?: (object: WorldObject, world: World) => Fields;
}

export type Kinds = Record<string, Kind>;

/** The text at a top-level attribute, or "" when it is null, unknown or no text. */
export function text(attributes: Fields | undefined, name: string): string {
  const value = attributes?.[name];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** The texts in a list or set. */
export function texts(attributes: Fields | undefined, name: string): string[] {
  const value = attributes?.[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The blocks at a name, as records. */
export function blocks(attributes: Fields | undefined, name: string): Fields[] {
  const value = attributes?.[name];
  const list = Array.isArray(value) ? value : value ? [value] : [];
  return list.filter(
    (item): item is Fields => typeof item === "object" && item !== null && !Array.isArray(item),
  );
}
