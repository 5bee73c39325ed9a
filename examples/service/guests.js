/** The guest book's entries. */
export class Guests {
  constructor(pool) {
    this.pool = pool;
  }

  /** How many there are, and the last of them. */
  async list() {
    const [{ rows: counted }, { rows: guests }] = await Promise.all([
      this.pool.query("select count(*)::int as entries from guests"),
      this.pool.query("select name, signed_at from guests order by id desc limit 20"),
    ]);
    return { entries: counted[0].entries, guests };
  }

  /** Adds one, and says how it was written down. */
  async sign(name) {
    const { rows } = await this.pool.query(
      "insert into guests (name) values ($1) returning name, signed_at",
      [name],
    );
    return rows[0];
  }

  /** Whether the database answers, told before the load balancer stops waiting: 4 seconds, connecting included. */
  async answers() {
    await this.pool.query({ text: "select 1", query_timeout: 1500 });
  }
}
