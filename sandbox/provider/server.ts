import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { providerAddresses } from "../../terraform/binaries";
import { type Backstage, Handlers } from "./handlers";

/** A running provider: where Terraform finds it, and how to end it. */
export interface RunningProvider {
  /** The value of TF_REATTACH_PROVIDERS. */
  reattach: string;
  close(): void;
}

/** Serves tfplugin5 on a unix socket, each connection with a provider configuration of its own. */
export async function serveProvider(backstage: Backstage): Promise<RunningProvider> {
  const service = providerService();
  // A unix socket's path may have 104 bytes on macOS: the system's temp folder is short enough, a project's may not be.
  const folder = mkdtempSync(join(tmpdir(), "sbx-"));
  const address = join(folder, "s");
  const servers = new Set<grpc.Server>();
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    const server = new grpc.Server({
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
    });
    server.addService(service, implement(new Handlers(backstage)));
    server.createConnectionInjector(grpc.ServerCredentials.createInsecure()).injectConnection(socket);
    servers.add(server);
    sockets.add(socket);
    socket.on("close", () => {
      server.forceShutdown();
      servers.delete(server);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(address, resolve);
  });
  const config = {
    Protocol: "grpc",
    ProtocolVersion: 5,
    Pid: process.pid,
    Test: true,
    Addr: { Network: "unix", String: address },
  };
  return {
    reattach: JSON.stringify(
      Object.fromEntries(providerAddresses("hashicorp/aws").map((address) => [address, config])),
    ),
    close: () => {
      listener.close();
      for (const server of servers) server.forceShutdown();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function providerService(): grpc.ServiceDefinition {
  const definition = loadSync(join(__dirname, "..", "wire", "provider.proto"), {
    keepCase: true,
    longs: Number,
  });
  const service = definition["tfplugin5.Provider"] as unknown as grpc.ServiceDefinition;
  return { ...service, GetSchema: encodingOnce(service.GetSchema as Method) };
}

type Method = grpc.MethodDefinition<object, object>;

/** The bytes of each answer: schemas have thousands of attributes. */
const encoded = new WeakMap<object, Buffer>();

/** A method that encodes each answer once: an answer that is given again is the same object. */
function encodingOnce(method: Method): Method {
  return {
    ...method,
    responseSerialize: (answer) => {
      const bytes = encoded.get(answer) ?? method.responseSerialize(answer);
      encoded.set(answer, bytes);
      return bytes;
    },
  };
}

function implement(handlers: Handlers): grpc.UntypedServiceImplementation {
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const [name, handler] of Object.entries(handlers.all())) {
    implementation[name] = async (
      call: grpc.ServerUnaryCall<Parameters<typeof handler>[0], object>,
      answer: grpc.sendUnaryData<object>,
    ) => {
      try {
        answer(null, await handler(call.request));
      } catch (error) {
        const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
        answer({ code: grpc.status.INTERNAL, details: `the sandbox's ${name} failed: ${details}` });
      }
    };
  }
  return implementation;
}
