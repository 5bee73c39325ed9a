/**
 * The command `slipway move` as a person runs it, but for two things: its time is the play's, which goes on faster than the machine's,
 * and what it asks by HTTPS is answered by the sandbox's edge.
 */
import http, { type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import { systemClock } from "../../../../deploy/clock";
import { CONNECTED } from "../../../../sandbox/edge/server";
import { timeOf } from "./time";

const time = timeOf(process.env.MOVE_TIME ?? "");
const { sleep } = systemClock;
systemClock.now = () => time.now();
systemClock.sleep = (milliseconds, signal) => sleep(time.until(time.now() + milliseconds), signal);

const agent = new http.Agent({ keepAlive: true });
https.request = ((options: RequestOptions, answer: (said: IncomingMessage) => void) =>
  http.request(
    {
      ...options,
      agent,
      host: "127.0.0.1",
      port: process.env.MOVE_EDGE,
      headers: { ...(options.headers as http.OutgoingHttpHeaders), [CONNECTED]: options.host ?? "" },
    },
    answer,
  )) as typeof https.request;

require("../../../../move/main");
