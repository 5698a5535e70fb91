/** What becomes of an appeal: `upheld` when the block stands, `overturned` when it does not. */
export const APPEAL_STATUSES = ['open', 'upheld', 'overturned'] as const;

/** What has become of an appeal. */
export type AppealStatus = (typeof APPEAL_STATUSES)[number];

/** An appeal that somebody makes. */
export interface NewAppeal {
  /** Names it to whoever made it; nobody can guess it. */
  readonly id: string;
  /** The reference of the notice: id of the request. Whether it is recorded, or will be, does not matter here. */
  readonly hit: string;
  /** In the words of whoever makes it; null without any. */
  readonly message: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
}

/** What whoever made an appeal may know of it. */
export interface AppealState {
  readonly status: AppealStatus;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Milliseconds since the Unix epoch; null while it is open. */
  readonly decidedMs: number | null;
}

/** Where appeals are made. Rejects with `StoreError` when the store cannot take them now. */
export interface Appeals {
  /**
   * Takes an appeal: `exists` when there is one about this hit already, `full` when so many wait that no more can.
   * @param maxOpen appeals that may wait for a decision
   */
  open(appeal: NewAppeal, maxOpen: number): Promise<'opened' | 'exists' | 'full'>;
  /** What has become of an appeal; undefined when there is none of this id. */
  stateOf(id: string): Promise<AppealState | undefined>;
}
