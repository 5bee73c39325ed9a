import { setTimeout } from "node:timers/promises";
import { startRegion } from "../aws/account";
import { readData } from "../aws/data";
import { AwsError, text } from "../aws/kind";
import { KINDS } from "../aws/kinds";
import { loadSchema } from "../schema/cache";
import { EPHEMERAL } from "../schema/ephemeral";
import { schemaMessage } from "../schema/messages";
import { typesIn } from "../schema/scan";
import type { BlockSchema } from "../schema/types";
import type { Access } from "../iam/access";
import { type Fields, fromWire, isRecord, toWire, type Value, type WireValue } from "../wire/value";
import { GLOBAL, type World } from "../world";
import { applyChange, identity, stateOf, stateOfFailure } from "./apply";
import type { Assumptions } from "./assumptions";
import { configure, onlyAllowed, type Settings } from "./configure";
import { fromError, pathMessage, problem } from "./diagnostics";
import { openEphemeral } from "./ephemeral";
import { importState } from "./import";
import { plan } from "./plan";
import { removeObject } from "./remove";
import { validate } from "./validate";

/** What all connections share. */
export interface Backstage {
  /** The account that the credentials are of. */
  world: World;
  /** Another account, where one is signed in to all there are: each provider then acts in the one that it allows. */
  elsewhere?: ((account: string) => World) | undefined;
  /** Folders whose Terraform files and states say which types are needed. */
  folders: () => string[];
  /** Takes as there what is read or imported; without it, what is not there is refused. */
  assumptions?: Assumptions | undefined;
  /** Whose permissions count; without it, everything is allowed. */
  access?: Access | undefined;
}

type Request = {
  type_name: string;
  id: string;
  config?: WireValue;
  prior_state?: WireValue;
  proposed_new_state?: WireValue;
  planned_state?: WireValue;
  current_state?: WireValue;
  raw_state?: WireValue;
  private?: Uint8Array;
};
type Answer = Record<string, unknown>;

/** Answers tfplugin5 for one connection: Terraform opens one for each provider configuration. */
export class Handlers {
  private settings: Settings = { region: "us-east-1", tags: {} };
  private world: World;

  constructor(private readonly backstage: Backstage) {
    this.world = backstage.world;
  }

  /** The methods by their names on the wire. */
  all(): Record<string, (request: Request) => Answer | Promise<Answer>> {
    const nothing = () => ({});
    return {
      GetSchema: () => this.schemas(),
      GetResourceIdentitySchemas: nothing,
      GetFunctions: nothing,
      PrepareProviderConfig: (request) => ({ prepared_config: request.config }),
      Configure: (request) => this.configure(request),
      ValidateResourceTypeConfig: (request) => this.validate(request),
      ValidateDataSourceConfig: nothing,
      ValidateEphemeralResourceConfig: nothing,
      UpgradeResourceState: (request) => this.upgrade(request),
      ReadResource: (request) => this.read(request),
      PlanResourceChange: (request) => this.plan(request),
      ApplyResourceChange: (request) => this.apply(request),
      ImportResourceState: (request) => this.import(request),
      ReadDataSource: (request) => this.readData(request),
      OpenEphemeralResource: (request) => this.open(request),
      RenewEphemeralResource: nothing,
      CloseEphemeralResource: nothing,
      Stop: nothing,
    };
  }

  private schemas(): Answer {
    const types = typesIn(this.backstage.folders());
    for (const object of this.backstage.world.list()) types.add(object.type);
    for (const type of Object.keys(KINDS)) types.add(type);
    return schemasOf([...types].sort());
  }

  private async configure({ config }: Request): Promise<Answer> {
    const { world, elsewhere } = this.backstage;
    const block = fromWire(config) as Fields;
    const wanted = onlyAllowed(block) ?? world.account;
    this.world = wanted === world.account ? world : (elsewhere?.(wanted) ?? world);
    const { settings, diagnostics } = configure(block, this.world.account);
    this.settings = settings;
    if (diagnostics.length === 0) await startRegion(this.world, settings.region);
    return { diagnostics };
  }

  private validate(request: Request): Answer {
    const config = fromWire(request.config) as Fields;
    return { diagnostics: validate(request.type_name, config, resourceSchema(request.type_name)) };
  }

  private upgrade(request: Request): Answer {
    return { upgraded_state: this.reshape(request.type_name, request.raw_state) };
  }

  /** A state as this schema wants it: unknown attributes dropped, missing ones null. */
  private reshape(type: string, raw: WireValue | undefined): WireValue {
    const state = fromWire(raw);
    return toWire(isRecord(state) ? shape(state, resourceSchema(type)) : null);
  }

  private read(request: Request): Answer {
    const { type_name: type } = request;
    const state = fromWire(request.current_state);
    if (!isRecord(state)) return { new_state: request.current_state };
    const { world } = this;
    const schema = resourceSchema(type);
    try {
      this.backstage.access?.read({ world, type, region: this.settings.region, before: state });
    } catch (error) {
      return { new_state: request.current_state, diagnostics: [fromError(`reading ${type}`, error)] };
    }
    const object = world.get(type, this.regionOf(schema, state), identity(state));
    if (!object) return { new_state: toWire(null), private: request.private };
    const fresh = KINDS[type]?.refresh?.(object, world) ?? {};
    const read: Fields = { ...stateOf(world, object, schema), ...fresh };
    if (schema.blocks.timeouts) read.timeouts = state.timeouts ?? null;
    // Of write-only arguments Terraform alone knows which version it wrote: AWS cannot correct it.
    for (const name of Object.keys(read)) if (name.endsWith("_wo_version")) read[name] = state[name] ?? null;
    return { new_state: toWire(read), private: request.private };
  }

  private plan(request: Request): Answer {
    const prior = fromWire(request.prior_state);
    const proposed = fromWire(request.proposed_new_state);
    if (!isRecord(proposed)) return { planned_state: request.proposed_new_state, legacy_type_system: true };
    const { planned, replace } = plan({
      schema: resourceSchema(request.type_name),
      kind: KINDS[request.type_name] ?? {},
      defaults: this.settings,
      prior: isRecord(prior) ? prior : undefined,
      proposed,
      config: fromWire(request.config) as Fields,
    });
    return {
      planned_state: toWire(planned),
      requires_replace: this.isAssumed(request.type_name, prior) ? [] : replace.map(pathMessage),
      legacy_type_system: true,
    };
  }

  /** An imported object of which only the id is known: whatever the configuration says may be so already. */
  private isAssumed(type: string, prior: Value): boolean {
    if (!isRecord(prior)) return false;
    const region = this.regionOf(resourceSchema(type), prior);
    return this.world.isAssumed({ type, region, id: identity(prior) });
  }

  private async apply(request: Request): Promise<Answer> {
    const { type_name: type } = request;
    const prior = fromWire(request.prior_state);
    const planned = fromWire(request.planned_state);
    const schema = resourceSchema(type);
    const doing = !isRecord(planned) ? "deleting" : isRecord(prior) ? "updating" : "creating";
    try {
      if (isRecord(planned)) await startRegion(this.world, this.regionOf(schema, planned));
      const { access } = this.backstage;
      const before = isRecord(prior) ? prior : undefined;
      const after = isRecord(planned) ? planned : undefined;
      const work = (world: World): Value => {
        access?.change({ world, type, region: this.settings.region, before, after });
        if (isRecord(planned)) {
          return applyChange(world, {
            type,
            kind: KINDS[type] ?? {},
            schema,
            region: this.settings.region,
            planned,
            prior: isRecord(prior) ? prior : undefined,
            config: fromWire(request.config) as Fields,
          });
        }
        const gone = prior as Fields;
        const object = world.get(type, this.regionOf(schema, gone), identity(gone));
        if (object) removeObject(world, object, KINDS[type] ?? {}, schema, gone);
        return null;
      };
      const state = await patiently(KINDS[type]?.retries ?? [], () => this.world.change(work));
      return { new_state: toWire(isRecord(state) ? shape(state, schema) : null), legacy_type_system: true };
    } catch (error) {
      const diagnostics = [fromError(`${doing} ${type}`, error)];
      const state = stateOfFailure(prior, planned);
      return { new_state: toWire(state), diagnostics, legacy_type_system: true };
    }
  }

  private import({ type_name: type, id }: Request): Answer {
    const { world } = this;
    const { assumptions, access } = this.backstage;
    const { region } = this.settings;
    const find = () => {
      const state = importState(world, type, id, region, resourceSchema(type));
      access?.read({ world, type, region, before: state });
      return state;
    };
    try {
      const state = assumptions ? this.imported(find, assumptions, type, id) : find();
      return { imported_resources: [{ type_name: type, state: toWire(shape(state, resourceSchema(type))) }] };
    } catch (error) {
      return { diagnostics: [fromError(`importing ${type}`, error)] };
    }
  }

  private imported(find: () => Fields, assumptions: Assumptions, type: string, id: string): Fields {
    try {
      return find();
    } catch {
      assumptions.forImport(this.world, type, id, this.settings.region);
      return find();
    }
  }

  private async readData(request: Request): Promise<Answer> {
    const { type_name: type } = request;
    const schema = loadSchema("data", type) as BlockSchema;
    try {
      const config = fromWire(request.config) as Fields;
      const { assumptions } = this.backstage;
      const find = () => this.found(type, config, schema);
      const state = await find().catch((refusal) => {
        if (!assumptions) throw refusal;
        assumptions.forData(
          this.world,
          type,
          config,
          text(config, "region") || this.settings.region,
          refusal,
        );
        return find();
      });
      return { state: toWire(shape(state, schema)) };
    } catch (error) {
      return { diagnostics: [fromError(`reading ${type}`, error)] };
    }
  }

  /** What a data source finds; who may not look is not told whether it is there. */
  private async found(type: string, config: Fields, schema: BlockSchema): Promise<Fields> {
    const { world } = this;
    const { access } = this.backstage;
    const { region } = this.settings;
    const look = (before: Fields) => access?.data({ world, type, region, before });
    try {
      const state = await readData(type, config, schema, world, region);
      look(state);
      return state;
    } catch (error) {
      look(config);
      throw error;
    }
  }

  private open(request: Request): Answer {
    const { type_name: type } = request;
    const schema = EPHEMERAL[type];
    if (!schema)
      return { diagnostics: [problem(`${type} is not known to the sandbox`, "No such ephemeral resource.")] };
    try {
      const config = shape(fromWire(request.config) as Fields, schema);
      const { world } = this;
      const { region } = this.settings;
      const result = openEphemeral(type, config, world, region);
      this.backstage.access?.data({ world, type, region, before: result });
      return { result: toWire(result) };
    } catch (error) {
      return { diagnostics: [fromError(`opening ${type}`, error)] };
    }
  }

  private regionOf(schema: BlockSchema, state: Fields): string {
    if (!schema.attributes.region) return GLOBAL;
    return typeof state.region === "string" && state.region !== "" ? state.region : this.settings.region;
  }
}

/** Milliseconds for which a refusal may be waited out; the real provider takes minutes for it. */
const PATIENCE = 3000;

/** Tries again while AWS refuses with one of the codes. */
async function patiently<T>(codes: readonly string[], attempt: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AwsError) || !codes.includes(error.code) || Date.now() > until) throw error;
      await setTimeout(100);
    }
  }
}

/** Answers to GetSchema by the types in them: each Terraform asks, and mostly for the same. */
const schemas = new Map<string, Answer>();

function schemasOf(types: readonly string[]): Answer {
  const key = types.join();
  const known = schemas.get(key);
  if (known) return known;
  const resources: Record<string, object> = {};
  const data: Record<string, object> = {};
  for (const type of types) {
    const resource = loadSchema("resource", type);
    if (resource) resources[type] = schemaMessage(resource);
    const source = loadSchema("data", type);
    if (source) data[type] = schemaMessage(source);
  }
  const ephemeral = Object.entries(EPHEMERAL).map(([type, schema]) => [type, schemaMessage(schema)]);
  const answer = {
    provider: schemaMessage(loadSchema("provider", "aws") as BlockSchema),
    resource_schemas: resources,
    data_source_schemas: data,
    ephemeral_resource_schemas: Object.fromEntries(ephemeral),
    // Terraform asks once, and not once for each walk of its graph.
    server_capabilities: { get_provider_schema_optional: true },
  };
  schemas.set(key, answer);
  return answer;
}

function resourceSchema(type: string): BlockSchema {
  const schema = loadSchema("resource", type);
  if (!schema) throw new Error(`The installed bindings have no ${type}`);
  return schema;
}

/** Exactly the attributes and blocks of a schema, the missing ones empty. */
function shape(value: Fields, schema: BlockSchema): Fields {
  const shaped: Fields = {};
  for (const name of Object.keys(schema.attributes)) shaped[name] = value[name] ?? null;
  for (const [name, nested] of Object.entries(schema.blocks)) {
    const inner = value[name] ?? null;
    if (Array.isArray(inner))
      shaped[name] = inner.map((item) => (isRecord(item) ? shape(item, nested.block) : item));
    else if (isRecord(inner)) shaped[name] = shape(inner, nested.block);
    else shaped[name] = nested.nesting === "single" ? null : [];
  }
  return shaped;
}
