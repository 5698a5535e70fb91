export { type ModerateOptions, Moderator, type ModeratorOptions, type OpenStreamOptions } from './moderator.js';
export { StreamModerator, type StreamModeratorOptions } from './stream-moderator.js';
