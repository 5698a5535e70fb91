/** Base of every error that sluice throws. Match on `code`, which never changes; messages may. */
export abstract class SluiceError extends Error {
  /** Stable identifier, such as `ERR_SLUICE_CONFIG`. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One thing wrong with a config, and where. */
export interface ConfigIssue {
  /** Path inside the config, such as `policies.default.input.abusive.block`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** The configuration is invalid; every issue is listed, not only the first. */
export class ConfigError extends SluiceError {
  readonly code = 'ERR_SLUICE_CONFIG';
  readonly issues: readonly ConfigIssue[];

  constructor(where: string, issues: readonly ConfigIssue[], options?: ErrorOptions) {
    const lines = issues.map((issue) => `  - ${issue.path === '' ? '(whole file)' : issue.path}: ${issue.message}`);
    super(`${where}: ${issues.length} problem${issues.length === 1 ? '' : 's'}\n${lines.join('\n')}`, options);
    this.issues = issues;
  }
}

/** One bad line of a list file. */
export interface LexiconIssue {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

/** A list file has bad lines; every one is listed with file and line. */
export class LexiconError extends SluiceError {
  readonly code = 'ERR_SLUICE_LEXICON';
  readonly issues: readonly LexiconIssue[];

  constructor(issues: readonly LexiconIssue[], options?: ErrorOptions) {
    super(issues.map((issue) => `${issue.file}:${issue.line}: ${issue.message}`).join('\n'), options);
    this.issues = issues;
  }
}

/** The model is missing, was changed (wrong SHA-256), or has an unexpected shape. */
export class ModelLoadError extends SluiceError {
  readonly code = 'ERR_SLUICE_MODEL';
}

/** A request or response body cannot be read: not JSON, too large, too deep, wrong type. */
export class RequestBodyError extends SluiceError {
  readonly code = 'ERR_SLUICE_BODY';
  /** HTTP status to answer with. */
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The target of a request is not a plain path. */
export class RequestTargetError extends SluiceError {
  readonly code = 'ERR_SLUICE_TARGET';
  /** HTTP status to answer with. */
  readonly status = 400;
}

/** More requests wait for the upstream than may. */
export class OverloadedError extends SluiceError {
  readonly code = 'ERR_SLUICE_OVERLOADED';
  /** HTTP status to answer with: 429 when only its own client has too many. */
  readonly status: 429 | 503;

  constructor(message: string, { status = 503, ...options }: ErrorOptions & { readonly status?: 429 | 503 } = {}) {
    super(message, options);
    this.status = status;
  }
}

/** The upstream cannot be reached, took too long, or sent something malformed. */
export class UpstreamError extends SluiceError {
  readonly code = 'ERR_SLUICE_UPSTREAM';
  /** HTTP status to answer with. */
  readonly status: 502 | 504;

  constructor(status: 502 | 504, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** An event of a stream is malformed or larger than the limit. */
export class StreamError extends SluiceError {
  readonly code = 'ERR_SLUICE_STREAM';
}

/** A detector could not run; `onDetectorError` decides what that means for the text. */
export class DetectorError extends SluiceError {
  readonly code = 'ERR_SLUICE_DETECTOR';
}

/** The record could not be written or opened. Never changes a verdict. */
export class StoreError extends SluiceError {
  readonly code = 'ERR_SLUICE_STORE';
}

/** Why evidence cannot be read: it was never kept, it was erased, its key is not there, or it is not what was stored. */
export type EvidenceProblem = 'not-captured' | 'erased' | 'missing-key' | 'damaged';

/** Kept text cannot be shown. */
export class EvidenceError extends SluiceError {
  readonly code = 'ERR_SLUICE_EVIDENCE';
  readonly problem: EvidenceProblem;

  constructor(problem: EvidenceProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/** Features cannot be made, read or taken over: the key is missing or another one, or a line is none. */
export class FeatureError extends SluiceError {
  readonly code = 'ERR_SLUICE_FEATURE';
}

/** Nothing can be done about an appeal: there is none, it is decided, or what is asked for makes no sense. */
export class AppealError extends SluiceError {
  readonly code = 'ERR_SLUICE_APPEAL';
  /** HTTP status to answer with. */
  readonly status: 400 | 404 | 409;

  constructor(status: 400 | 404 | 409, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
