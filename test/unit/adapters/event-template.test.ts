import { EventTemplate } from '../../../src/adapters/event-template.js';

const event = (text: string, rest = ''): { data: string } => ({ data: `{"a":"b","text":"${text}"${rest}}` });
const template = EventTemplate.of({ channel: 'text', text: 'zorg' }, event('zorg'));

describe('EventTemplate', () => {
  it.each([
    ['the same event', event('zorg'), 'zorg'],
    ['another text', event(' blat, 你'), ' blat, 你'],
    ['no text', event(''), undefined],
    ['an escape', event('bl\\u0061t'), undefined],
    ['a quote', event('","text":"blat'), undefined],
    ['a control character', event('bl\tat'), undefined],
    ['more behind it', event('blat', ',"c":1'), undefined],
    ['a name', { ...event('blat'), event: 'other' }, undefined],
    ['less than what stands around the text', { data: '{"a":"b","text":"}' }, undefined],
  ])('reads the text of an event with %s', (_name, next, text) => {
    expect(template?.textOf(next)).toBe(text);
  });

  it('writes any text in its place', () => {
    const next = template?.write(event('zorg'), 'a "b"\n');
    expect(JSON.parse(next?.data ?? '')).toEqual({ a: 'b', text: 'a "b"\n' });
  });

  it.each([
    ['stands there twice', 'b', '{"a":"b","text":"b"}'],
    ['is also a key', 'text', '{"text":"text"}'],
    ['stands between two strings too', ',', '{"a":"b","c":["d","e"],"text":","}'],
    ['may be spelled with an escape', 'zorg', '{"zorg":1,"text":"zor\\u0067"}'],
    ['is empty', '', '{"text":""}'],
  ])('is none where the text %s', (_name, text, data) => {
    expect(EventTemplate.of({ channel: 'text', text }, { data })).toBeUndefined();
  });
});
