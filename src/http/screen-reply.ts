import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestBodyError } from '../core/index.js';
import { AnnotatedReply } from './annotated-reply.js';
import { framingOfHead } from './framing-of.js';
import { GatedStream } from './gated-stream.js';
import { HeldReply } from './held-reply.js';
import { ObservedReply } from './observed-reply.js';
import { BINARY, type ReplyBody, type ReplyContext, withhold } from './reply-context.js';
import { type Downstream, interceptResponse, type ReplyFilter, type ReplyHead } from './response-interceptor.js';
import { recordUnscreened } from './unscreened.js';

/** Replies of which Node sends no body, whatever is written. */
const BODILESS_STATUS = new Set([204, 304]);

/** Screens what a handler writes to `res`, however it writes it. Nothing leaves before it was judged. */
export function screenResponse(req: IncomingMessage, res: ServerResponse, context: ReplyContext): void {
  interceptResponse(res, (head, downstream) => {
    if (req.method === 'HEAD' || head.status < 200 || BODILESS_STATUS.has(head.status)) return undefined;
    const body = readReplyBody(res, head);
    return BINARY.test(body.type) ? passBinary(context, downstream) : chooseFilter(context, { head, body, downstream });
  });
}

/** There is no text in it, so the route says whether it passes; it is never held. */
function passBinary(context: ReplyContext, downstream: Downstream): undefined {
  const { screen, exchange, route } = context;
  if (route.unscreened === 'refuse' && exchange.policy.mode === 'enforce') {
    downstream.replace(withhold(context, new RequestBodyError(415, 'It is not text.')));
  } else recordUnscreened(screen, { exchange, direction: 'output', refused: false });
}

function chooseFilter(
  context: ReplyContext,
  { head, body, downstream }: { readonly head: ReplyHead; readonly body: ReplyBody; readonly downstream: Downstream },
): ReplyFilter {
  const { mode } = context.exchange.policy;
  const framing = framingOfHead(context.adapter, {
    contentType: body.type,
    whole: head.whole,
    asked: context.exchange.asked,
  });
  const streamed = framing !== undefined;
  const hold = (to: Downstream): ReplyFilter => new HeldReply(context, body, to);
  const gate = (to: Downstream): ReplyFilter =>
    streamed ? new GatedStream(context, { ...body, framing }, to) : hold(to);
  if (mode === 'enforce') return gate(downstream);
  if (mode === 'shadow') return flushed(new ObservedReply(downstream, gate));
  // A verdict on a whole reply goes into the head, which waits for it.
  if (!streamed || head.whole) return hold(downstream);
  // What is encoded stays as it is: to write into it, it would have to be encoded anew.
  const encoded = body.encoding !== undefined;
  return flushed(encoded ? new ObservedReply(downstream, gate) : new AnnotatedReply(context, framing, downstream));

  /** The client may wait for the head of a stream whose first event is far off. */
  function flushed(filter: ReplyFilter): ReplyFilter {
    if (streamed && !head.whole) downstream.flushHead();
    return filter;
  }
}

function readReplyBody(res: ServerResponse, { status }: ReplyHead): ReplyBody {
  const type = String(res.getHeader('content-type') ?? '');
  const encoding = [res.getHeader('content-encoding') ?? []].flat().join(',').trim().toLowerCase();
  return {
    status,
    type: type.trim().toLowerCase(),
    encoding: encoding === '' || encoding === 'identity' ? undefined : encoding,
    announced: res.hasHeader('content-length'),
  };
}
