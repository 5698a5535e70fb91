export {
  type ModerateOptions,
  Moderator,
  type ModeratorOptions,
  type OpenStreamOptions,
  type TextToJudge,
  TURN_CHARS,
} from './moderator.js';
export type { SeamVerdict } from './seam-verdict.js';
export { StreamModerator, type StreamModeratorOptions } from './stream-moderator.js';
export { windowsOf } from './windows.js';
