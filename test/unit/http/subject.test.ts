import { Config } from '../../../src/config/index.js';
import { createSubjects } from '../../../src/http/subject.js';
import { subjectId } from '../../../src/store/index.js';

const key = Buffer.from('a key of the tests');
const subjects = (subject: object) => createSubjects(Config.parse({ subject }).subject, key);

describe('the subject of a request', () => {
  it.each([
    ['nobody by default', {}, { authorization: 'Bearer zorg' }, undefined],
    ['a bearer token', { from: 'api-key' }, { authorization: 'Bearer zorg' }, 'zorg'],
    ['a bearer token in any case', { from: 'api-key' }, { authorization: 'bearer  zorg' }, 'zorg'],
    ['a bare key', { from: 'api-key' }, { 'x-api-key': 'zorg' }, 'zorg'],
    ['an Azure key', { from: 'api-key' }, { 'api-key': 'zorg' }, 'zorg'],
    ['no key', { from: 'api-key' }, { 'x-user': 'zorg' }, undefined],
    ['a header', { from: 'header', header: 'X-User' }, { 'x-user': ' zorg ' }, 'zorg'],
    ['the first of several headers', { from: 'header', header: 'X-User' }, { 'x-user': ['zorg', 'blat'] }, 'zorg'],
    ['an empty header', { from: 'header', header: 'x-user' }, { 'x-user': ' ' }, undefined],
  ])('is %s', (_, config, headers: Record<string, string | string[]>, subject) => {
    expect(subjects(config)(headers)).toBe(subject === undefined ? undefined : subjectId(key, subject));
  });

  it('is another one under another key, and shows nothing of itself', () => {
    const id = subjectId(key, 'zorg');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(subjectId(Buffer.from('another key of ours'), 'zorg')).not.toBe(id);
  });
});
