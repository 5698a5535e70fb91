/** What a piece of an answer is. */
export type PieceKind = 'text' | 'reasoning' | 'tool';

/** The next piece of an answer, as a backend streams it; the pieces of one kind make one text. A tool piece is JSON source. */
export interface Piece {
  readonly kind: PieceKind;
  readonly text: string;
  /** Position of the answer; 0 when left out. */
  readonly answer?: number;
}

/** What a backend is to say. */
export interface Script {
  readonly pieces: readonly Piece[];
  readonly answers: number;
  /** Text that the backend sends behind the end of its answer, where no client may see it. */
  readonly afterFinish?: string;
}

/** What the application asks by the official client of the format. */
export interface Question {
  readonly url: string;
  readonly input: string;
  readonly stream: boolean;
  readonly answers: number;
  /** Sees every byte that the client gets. */
  readonly fetch: typeof fetch;
}

/** How an answer ended for the application: `open` when the client was never told. */
export type Ending = 'stop' | 'tool' | 'filtered' | 'open';

/** One answer, as the application sees it. */
export interface SeenAnswer {
  readonly text: string;
  readonly reasoning: string;
  /** JSON source of the tool input. */
  readonly tool: string;
  readonly ending: Ending;
}

/** One format: a backend that speaks it, and its official client. */
export interface FormatDriver {
  readonly name: string;
  /** Path that requests go to, as the client makes it. */
  readonly path: string;
  /** Content type of a stream. */
  readonly streamType: string;
  /** What the format has no place for; those rows of the table are left out. */
  readonly lacks: ReadonlySet<PieceKind | 'second answer' | 'whole' | 'stream'>;
  /** The body of a whole answer. */
  wholeOf(script: Script): unknown;
  /** The wire text of a stream, one part per event, ended in the way of the format. */
  streamOf(script: Script): readonly string[];
  /** Asks, and resolves with the answers in order; rejects with the error that the client raises. */
  ask(question: Question): Promise<readonly SeenAnswer[]>;
  /** Checks that an error of the client tells a blocked request, and that nothing of it invites to try again. */
  expectBlockedInput(error: unknown): void;
  /** Checks what of a stream the client does not check: that every block or item that was opened is closed, and the order. */
  expectWellFormed(wire: string): void;
}
