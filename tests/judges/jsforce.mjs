// jsforce, unmodified, against the sandbox: each step's outcome goes to standard output as one JSON object.
import jsforce from "jsforce";

const [loginUrl, olderVersion] = process.argv.slice(2);
const oauth2 = { loginUrl, clientId: "sandbox", clientSecret: "sandbox" };
const LINK = "Sales_Connect_Id__c";

const steps = {
  async clientCredentials() {
    const connection = new jsforce.Connection({ oauth2, version: "62.0" });
    const user = await connection.authorize({ grant_type: "client_credentials" });
    return { user, identity: await connection.identity().then((found) => found.user_id) };
  },

  async password() {
    const connection = new jsforce.Connection({ oauth2, version: "62.0" });
    return connection.login("integration@sandbox.example", "sandbox");
  },

  async soap() {
    const connection = new jsforce.Connection({ loginUrl, version: "62.0" });
    return connection.login("integration@sandbox.example", "sandbox");
  },

  async refresh() {
    const connection = new jsforce.Connection({
      oauth2, instanceUrl: loginUrl, accessToken: "expired", refreshToken: "sandbox", version: "62.0",
    });
    const answer = await connection.query("SELECT Id FROM Organization");
    return { totalSize: answer.totalSize, renewed: connection.accessToken !== "expired" };
  },

  async oneRecord(connection) {
    const task = connection.sobject("Task");
    const created = await task.create({ Subject: "Call", Description: "a" });
    const updated = await task.update({ Id: created.id, Status: "Completed" });
    const read = await task.retrieve(created.id);
    const removed = await task.destroy(created.id);
    const lost = await task.retrieve(created.id).catch((error) => error.errorCode);
    return { created, updated, status: read.Status, closed: read.IsClosed, removed, lost };
  },

  async upsert(connection) {
    const task = connection.sobject("Task");
    const first = await task.upsert({ [LINK]: "js-1", Subject: "a" }, LINK);
    const second = await task.upsert({ [LINK]: "js-1", Subject: "b" }, LINK);
    const older = new jsforce.Connection({
      instanceUrl: loginUrl, accessToken: connection.accessToken, version: olderVersion,
    });
    const third = await older.sobject("Task").upsert({ [LINK]: "js-1", Subject: "c" }, LINK);
    return { first, second, third };
  },

  async collections(connection) {
    const task = connection.sobject("Task");
    const created = await task.create([{ Subject: "a" }, { Subject: "x".repeat(256) }, { Subject: "b" }]);
    const ids = created.filter((result) => result.success).map((result) => result.id);
    const updated = await task.update(ids.map((Id) => ({ Id, Subject: "c" })));
    const read = await task.retrieve(ids);
    const upserted = await task.upsert([{ [LINK]: "js-2" }, { [LINK]: "js-3" }], LINK);
    const removed = await task.destroy(ids);
    return { created, updated, subjects: read.map((one) => one.Subject), upserted, removed };
  },

  async manyRecords(connection) {
    const records = Array.from({ length: 450 }, (_, n) => ({ Subject: `many ${n}` }));
    const results = await connection.sobject("Task").create(records, { allowRecursive: true });
    return { created: results.filter((result) => result.success).length };
  },

  async paging(connection) {
    const soql = "SELECT Id, Subject FROM Task WHERE Subject LIKE 'page %' ORDER BY Id";
    const first = await connection.query(soql, { autoFetch: false });
    const all = await connection.query(soql, { autoFetch: true, maxFetch: 10000 });
    const second = await connection.queryMore(first.nextRecordsUrl);
    return { total: first.totalSize, first: first.records.length, second: second.records.length, all: all.records.length };
  },

  async builtQuery(connection) {
    const found = await connection
      .sobject("Task")
      .find({ Subject: { $like: "page %" }, CreatedDate: { $gte: jsforce.SfDate.toDateTimeLiteral("2020-01-01T00:00:00Z") } })
      .select("Id, Owner.Name")
      .sort({ CreatedDate: -1, Id: 1 })
      .limit(3)
      .scanAll(true);
    return { owners: found.map((record) => record.Owner.Name), total: await connection.sobject("Task").count({ Subject: "page 1" }) };
  },

  async bulkIngest(connection) {
    connection.bulk2.pollInterval = 100;
    const input = [
      { Subject: "bulk a", Description: "one, two", ActivityDate: null },
      { Subject: "x".repeat(256), Description: "too long", ActivityDate: null },
    ];
    const load = (operation, input, more) =>
      connection.bulk2.loadAndWaitForResults({ object: "Task", operation, input, ...more });
    const { successfulResults, failedResults, unprocessedRecords } = await load("insert", input);
    const rows = [1, 2].map((n) => ({ [LINK]: `js-bulk-${n}`, Subject: "bulk b" }));
    const upserted = await load("upsert", rows, { externalIdFieldName: LINK });
    const removed = await load("delete", upserted.successfulResults.map((row) => ({ Id: row.sf__Id })));
    return {
      subjects: successfulResults.map((row) => row.Subject),
      error: failedResults[0].sf__Error,
      unprocessed: unprocessedRecords.length,
      removed: removed.successfulResults.length,
    };
  },

  async bulkQuery(connection) {
    connection.bulk2.pollInterval = 100;
    const stream = await connection.bulk2.query("SELECT Id, Subject FROM Task WHERE Subject LIKE 'page %'");
    return { records: (await stream.toArray()).length };
  },

  async describe(connection) {
    const described = await connection.describe("Task");
    const everything = await connection.describeGlobal();
    const limits = await connection.limits();
    return {
      name: described.name,
      subject: described.fields.find((field) => field.name === "Subject").length,
      objects: everything.sobjects.map((one) => one.name),
      daily: limits.DailyApiRequests.Max,
      usage: connection.limitInfo.apiUsage.limit,
    };
  },

  async windows(connection) {
    const task = connection.sobject("Task");
    const { id } = await task.create({ Subject: "gone" });
    await task.destroy(id);
    const [start, end] = [new Date(Date.now() - 3600e3), new Date(Date.now() + 3600e3)];
    const deleted = await task.deleted(start, end);
    const updated = await task.updated(start, end);
    return { deleted: deleted.deletedRecords.some((one) => one.id === id), updated: updated.ids.includes(id) };
  },

  async errors(connection) {
    const query = await connection.query("SELECT Nope FROM Task").catch((error) => error.errorCode);
    const create = await connection.sobject("Task").create({ Nope: 1 }).catch((error) => error.errorCode);
    return { query, create };
  },

  async composite(connection) {
    const batch = await connection.requestPost(`/services/data/v62.0/composite/batch`, {
      batchRequests: [{ method: "GET", url: "v62.0/limits" }],
    });
    return { hasErrors: batch.hasErrors };
  },

  async logout(connection) {
    await connection.logout();
    return true;
  },
};

const connection = new jsforce.Connection({ oauth2, version: "62.0" });
await connection.authorize({ grant_type: "client_credentials" });
const outcomes = {};
for (const [name, step] of Object.entries(steps)) {
  outcomes[name] = await step(connection).catch((error) => ({ failed: String(error), stack: error.stack }));
}
console.log(JSON.stringify(outcomes));
