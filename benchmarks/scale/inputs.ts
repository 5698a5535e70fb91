/** What the tables of SCALE.md are computed from; `inputs.json` has the values. */
export interface ScaleInputs {
  /** Where each measured value comes from, for the reader. */
  readonly sources: Readonly<Record<string, string>>;
  readonly proxy: {
    /** Processor time of the proxy for a JSON request with screening on, microseconds. */
    readonly jsonUs: number;
    /** The same for a stream of 200 events. */
    readonly streamUs: number;
    /** Memory of one process, megabytes. */
    readonly rssMb: number;
  };
  readonly hits: {
    /** Of all requests, those that hit. */
    readonly share: number;
    /** Rows of the record for a request that hits. */
    readonly rows: number;
    /** `hitLog.batchSize` and `hitLog.batchMs`. */
    readonly batchRows: number;
    readonly batchMs: number;
    readonly retentionDays: number;
  };
  readonly postgres: {
    /** Processor time of the server, microseconds. */
    readonly rowUs: number;
    readonly transactionUs: number;
    /** Write-ahead log and disk for a row. */
    readonly logBytes: number;
    readonly diskBytes: number;
    readonly cores: number;
  };
  /** Processor time of the one thread of Redis for a request of a limited client, microseconds. */
  readonly redis: { readonly requestUs: number };
  readonly machine: {
    readonly cores: number;
    readonly count: number;
    /** How busy a core may be; the rest is for peaks and for what the kernel does for the network. */
    readonly busy: number;
  };
  /** In one currency. Not measured: put your own. */
  readonly prices: { readonly coreHour: number; readonly gigabyteMonth: number };
}
