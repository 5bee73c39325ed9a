import { FilterLogEventsCommand, type FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { ExecuteCommandCommand, type ExecuteCommandRequest, type Session } from "@aws-sdk/client-ecs";
import {
  DeleteParameterCommand,
  GetParameterCommand,
  type ParameterMetadata,
  PutParameterCommand,
  type StartSessionRequest,
  StartSessionCommand,
  TerminateSessionCommand,
} from "@aws-sdk/client-ssm";
import { AwsError } from "./error";
import { Aws } from "./gateway";

/** What the Session Manager plugin connects to. */
export type SessionAddress = Required<Session>;

/** Where lines are read: a group, and of its streams those with a prefix or of these names. */
export type LogPlace = { group: string } & ({ prefix: string } | { streams: readonly string[] } | object);

/** A value for a parameter, and what is known of that, where it is there. */
export interface NewSecret {
  name: string;
  value: string;
  known: ParameterMetadata | undefined;
  key: string | null | undefined;
  tags: Readonly<Record<string, string>>;
}

/** A page of 10,000, which AWS would give, takes much more memory and saves a few calls. */
const LINES_PER_PAGE = 2_000;

/** The calls of logs, exec, psql and secret beside those of a deployment: `policy --for` mirrors this file. */
export class DailyAws extends Aws {
  /** A page of lines in the order of their times; none while the group does not exist. */
  async filterLogEvents(
    place: LogPlace,
    startTime: number,
    nextToken: string | undefined,
  ): Promise<{ events: FilteredLogEvent[]; token: string | undefined }> {
    const where = {
      ...("prefix" in place && { logStreamNamePrefix: place.prefix }),
      ...("streams" in place && { logStreamNames: [...place.streams] }),
    };
    const request = { logGroupName: place.group, ...where, startTime, nextToken, limit: LINES_PER_PAGE };
    try {
      const answer = await this.read("logs:FilterLogEvents", (options) =>
        this.clients.logs.send(new FilterLogEventsCommand(request), options),
      );
      return { events: answer.events ?? [], token: answer.nextToken };
    } catch (error) {
      if (error instanceof AwsError && error.code === "ResourceNotFoundException")
        return { events: [], token: undefined };
      throw error;
    }
  }

  /** A session in a container. One whose answer is lost ends by itself, unused. */
  async executeCommand(request: Omit<ExecuteCommandRequest, "interactive">): Promise<SessionAddress> {
    const { session } = await this.read("ecs:ExecuteCommand", (options) =>
      this.clients.ecs.send(new ExecuteCommandCommand({ ...request, interactive: true }), options),
    );
    const { sessionId = "", streamUrl = "", tokenValue = "" } = session ?? {};
    return { sessionId, streamUrl, tokenValue };
  }

  /** A session through an instance. One whose answer is lost ends by itself, unused. */
  async startSession(request: StartSessionRequest): Promise<SessionAddress> {
    const { SessionId, StreamUrl, TokenValue } = await this.read("ssm:StartSession", (options) =>
      this.clients.ssm.send(new StartSessionCommand(request), options),
    );
    return { sessionId: SessionId ?? "", streamUrl: StreamUrl ?? "", tokenValue: TokenValue ?? "" };
  }

  async terminateSession(SessionId: string): Promise<void> {
    await this.read("ssm:TerminateSession", (options) =>
      this.clients.ssm.send(new TerminateSessionCommand({ SessionId }), options),
    );
  }

  /** The text of a SecureString; undefined when there is none. */
  async secret(name: string): Promise<string | undefined> {
    try {
      const answer = await this.read("ssm:GetParameter", (options) =>
        this.clients.ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }), options),
      );
      return answer.Parameter?.Value;
    } catch (error) {
      if (error instanceof AwsError && error.code === "ParameterNotFound") return undefined;
      throw error;
    }
  }

  /**
   * Writes a parameter: a new version of one that is there, else the first, with these tags.
   * @param key the environment's own, for what is made under it; without it, the one that the parameter has
   */
  async putSecret(secret: NewSecret): Promise<void> {
    const { name: Name, value: Value, key, known, tags } = secret;
    const KeyId = key ?? known?.KeyId;
    const before = known?.Version ?? 0;
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    // AWS takes tags of a new parameter alone.
    const how = known ? { Overwrite: true } : { Overwrite: false, Tags };
    const request = { Name, Value, Type: "SecureString" as const, KeyId, ...how };
    await this.change("ssm:PutParameter", {
      call: async () => (await this.clients.ssm.send(new PutParameterCommand(request))).Version,
      trace: `a new version of ${Name}`,
      look: async () => {
        const now = (await this.describeParameters([Name])).get(Name)?.Version ?? 0;
        return now > before ? now : undefined;
      },
    });
  }

  /** Deletes a parameter and all its versions. */
  async deleteParameter(name: string): Promise<void> {
    await this.change("ssm:DeleteParameter", {
      call: async () => {
        await this.clients.ssm.send(new DeleteParameterCommand({ Name: name }));
        return true;
      },
      trace: `that ${name} is gone`,
      look: async () => ((await this.describeParameters([name])).has(name) ? undefined : true),
    });
  }
}
