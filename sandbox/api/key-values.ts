import type * as kvs from "@aws-sdk/client-cloudfront-keyvaluestore";
import { edgeOf, type StoreState } from "../engine/edge-state";
import { digest } from "../aws/network-checks";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";
import type { RestOutput } from "./rest";

/** Bytes. Source: "Quotas on key value stores", CloudFront guide. */
const LONGEST_KEY = 512;
const LONGEST_VALUE = 1024;
const LARGEST_STORE = 5 * 1024 * 1024;
/** Changes in one UpdateKeys. */
const MOST_CHANGES = 50;

/** The contents of a store: read at once here, and by functions some seconds later. */
export const KEY_VALUES: Operations = {
  DescribeKeyValueStore: operation<kvs.DescribeKeyValueStoreRequest, RestOutput>(
    ["KvsARN"],
    (call, input) => {
      const { arn, store } = find(call, input.KvsARN);
      const [first] = store.versions;
      const seconds = (at: number | undefined) => (at ?? Date.UTC(2026, 0, 1)) / 1000;
      return {
        headers: { etag: etagOf(arn, store) },
        json: {
          KvsARN: arn,
          ...sizeOf(keysOf(store)),
          Created: seconds(first?.at),
          LastModified: seconds(store.versions.at(-1)?.at),
          Status: "READY",
        },
      };
    },
  ),
  ListKeys: operation<kvs.ListKeysRequest, RestOutput>(["KvsARN"], (call, input) => {
    const { store } = find(call, input.KvsARN);
    return { json: { Items: Object.entries(keysOf(store)).map(([Key, Value]) => ({ Key, Value })) } };
  }),
  GetKey: operation<kvs.GetKeyRequest, RestOutput>(["KvsARN", "Key"], (call, input) => {
    const { store } = find(call, input.KvsARN);
    const keys = keysOf(store);
    const Value = keys[input.Key ?? ""];
    if (Value === undefined) throw noKey(input.Key);
    return { json: { Key: input.Key, Value, ...sizeOf(keys) } };
  }),
  PutKey: operation<kvs.PutKeyRequest, RestOutput>(["KvsARN", "Key", "Value", "IfMatch"], (call, input) =>
    write(call, input, { puts: [{ Key: input.Key ?? "", Value: input.Value ?? "" }] }),
  ),
  DeleteKey: operation<kvs.DeleteKeyRequest, RestOutput>(["KvsARN", "Key", "IfMatch"], (call, input) =>
    write(call, input, { deletes: [input.Key ?? ""] }),
  ),
  UpdateKeys: operation<kvs.UpdateKeysRequest, RestOutput>(["KvsARN", "IfMatch"], (call, input) =>
    write(call, input, {
      puts: (input.Puts ?? []).map(({ Key = "", Value = "" }) => ({ Key, Value })),
      deletes: (input.Deletes ?? []).map(({ Key = "" }) => Key),
    }),
  ),
};

const invalid = (message: string) => new AwsFailure("ValidationException", message);

const noKey = (key: string | undefined) =>
  new AwsFailure("ResourceNotFoundException", `Key ${key} was not found.`, 404);

function find(call: Call, given: string | undefined): { arn: string; store: StoreState } {
  const arn = given ?? "";
  const there = call.sim.world.find({ type: "aws_cloudfront_key_value_store", where: { arn } });
  if (!there) throw new AwsFailure("ResourceNotFoundException", `Key value store ${arn} was not found.`, 404);
  const store = edgeOf(call.sim.state).stores[arn] ?? { writes: 0, versions: [] };
  return { arn, store };
}

const keysOf = (store: StoreState): Record<string, string> => store.versions.at(-1)?.keys ?? {};

const etagOf = (arn: string, { writes }: StoreState) =>
  `KV${digest(arn, String(writes)).slice(0, 12).toUpperCase()}`;

const bytes = (text: string) => Buffer.byteLength(text);

function sizeOf(keys: Record<string, string>) {
  const sizes = Object.entries(keys).map(([key, value]) => bytes(key) + bytes(value));
  return { ItemCount: sizes.length, TotalSizeInBytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** All changes or none, by whoever has seen the store as it is. */
function write(
  call: Call,
  { KvsARN, IfMatch }: { KvsARN: string | undefined; IfMatch: string | undefined },
  changes: { puts?: { Key: string; Value: string }[]; deletes?: string[] },
): RestOutput {
  const { arn, store } = find(call, KvsARN);
  if (IfMatch !== etagOf(arn, store)) throw invalid("Pre-Condition failed");
  const { puts = [], deletes = [] } = changes;
  if (puts.length + deletes.length > MOST_CHANGES)
    throw invalid(`A request changes at most ${MOST_CHANGES} keys.`);
  const keys = { ...keysOf(store) };
  for (const key of deletes) {
    if (!(key in keys)) throw noKey(key);
    delete keys[key];
  }
  for (const { Key, Value } of puts) {
    if (bytes(Key) > LONGEST_KEY) throw invalid(`Key is longer than ${LONGEST_KEY} bytes.`);
    if (bytes(Value) > LONGEST_VALUE) throw invalid(`Value is longer than ${LONGEST_VALUE} bytes.`);
    keys[Key] = Value;
  }
  if (sizeOf(keys).TotalSizeInBytes > LARGEST_STORE)
    throw new AwsFailure("ServiceQuotaExceededException", "The key value store is larger than 5 MB.", 402);
  const { state, pace } = call.sim;
  // The last one that edges have by now, and all that are on their way to them.
  const known = store.versions.findLastIndex(({ at }) => at <= state.time);
  const next: StoreState = {
    writes: store.writes + 1,
    versions: [...store.versions.slice(Math.max(0, known)), { at: state.time + pace.stores, keys }],
  };
  edgeOf(state).stores[arn] = next;
  return { headers: { etag: etagOf(arn, next) }, json: sizeOf(keys) };
}
