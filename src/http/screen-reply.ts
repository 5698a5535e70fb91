import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestBodyError } from '../core/index.js';
import { GatedStream } from './gated-stream.js';
import { HeldReply } from './held-reply.js';
import { ObservedReply } from './observed-reply.js';
import { BINARY, type ReplyBody, type ReplyContext, withhold } from './reply-context.js';
import { type Downstream, interceptResponse, type ReplyFilter, type ReplyHead } from './response-interceptor.js';
import { recordUnscreened } from './unscreened.js';

const BODILESS_STATUS = new Set([204, 205, 304]);

/** Screens what a handler writes to `res`, however it writes it. Nothing leaves before it was judged. */
export function screenResponse(req: IncomingMessage, res: ServerResponse, context: ReplyContext): void {
  interceptResponse(res, (head, downstream) => {
    if (req.method === 'HEAD' || head.status < 200 || BODILESS_STATUS.has(head.status)) return undefined;
    const body = readReplyBody(res, head);
    return BINARY.test(body.type) ? passBinary(context, downstream) : chooseFilter(context, body, downstream);
  });
}

/** There is no text in it, so the route says whether it passes; it is never held. */
function passBinary(context: ReplyContext, downstream: Downstream): undefined {
  const { screen, exchange, route } = context;
  if (route.unscreened === 'refuse' && exchange.policy.mode === 'enforce') {
    downstream.replace(withhold(context, new RequestBodyError(415, 'It is not text.')));
  } else recordUnscreened(screen, { exchange, direction: 'output', refused: false });
}

function chooseFilter(context: ReplyContext, body: ReplyBody, downstream: Downstream): ReplyFilter {
  const { mode } = context.exchange.policy;
  const streamed = body.type === 'text/event-stream';
  const create = (to: Downstream): ReplyFilter =>
    streamed ? new GatedStream(context, body, to) : new HeldReply(context, body, to);
  // A verdict on the whole reply has to be known before the head, so `annotate` waits for it unless the reply is a stream.
  const observed = mode === 'shadow' || (mode === 'annotate' && streamed);
  return observed ? new ObservedReply(downstream, create) : create(downstream);
}

function readReplyBody(res: ServerResponse, { status }: ReplyHead): ReplyBody {
  const type = String(res.getHeader('content-type') ?? '');
  const encoding = [res.getHeader('content-encoding') ?? []].flat().join(',').trim().toLowerCase();
  return {
    status,
    type: (type.split(';', 1)[0] ?? '').trim().toLowerCase(),
    encoding: encoding === '' || encoding === 'identity' ? undefined : encoding,
  };
}
