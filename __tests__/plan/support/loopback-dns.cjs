// Sends every question about a name to the loopback server at DNS_PORT; with FAST, waits take no time, and the clock goes on.
const { syncBuiltinESMExports } = require("node:module");
const dns = require("node:dns/promises");
const timers = require("node:timers/promises");

const { DNS_PORT, FAST } = process.env;
dns.Resolver = class extends dns.Resolver {
  constructor(...options) {
    super(...options);
    super.setServers([`127.0.0.1:${DNS_PORT}`]);
  }
  setServers(servers) {
    super.setServers(servers.map((server) => server.replace(/:\d+$/, `:${DNS_PORT}`)));
  }
};
if (FAST) {
  const real = Date.now;
  let ahead = 0;
  Date.now = () => real() + ahead;
  timers.setTimeout = async (milliseconds) => {
    ahead += milliseconds;
  };
}
syncBuiltinESMExports();
