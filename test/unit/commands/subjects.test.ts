import { Writable } from 'node:stream';
import { type SubjectsContext, subjectsList, subjectsSuspend } from '../../../src/commands/subjects.js';
import { openDatabase } from '../../../src/store/index.js';
import { quiet } from '../../support/quiet.js';
import { TempFolder } from '../../support/temp-folder.js';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const folder = new TempFolder();
const config = folder.write('c.yaml', `store: "sqlite:${folder.path}/a.db"\n`);

beforeAll(async () => {
  await (await openDatabase({ store: `sqlite:${folder.path}/a.db`, logger: quiet }))?.close();
});

function context(): SubjectsContext & { readonly written: () => string } {
  let text = '';
  const stdout = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return { stdout, nowMs: NOW, written: () => text };
}

describe('sluice subjects suspend', () => {
  it.each(['2029-12-31', '7d', 'soon', '2030-02-31', '01/31/2030', '2030'])('refuses --until %s', async (until) => {
    await expect(subjectsSuspend('a', { config, until }, context())).rejects.toThrow('--until');
  });

  it.each([
    ['2030-01-02', '2030-01-02T00:00:00.000Z'],
    ['2030-01-02T12:00+02:00', '2030-01-02T10:00:00.000Z'],
  ])('--until %s is a moment as everywhere', async (until, iso) => {
    const { written, ...rest } = context();
    await subjectsSuspend('a', { config, until }, rest);
    expect(written()).toBe(`a suspended until ${iso}\n`);
    const listed = context();
    await subjectsList({ config, json: true }, listed);
    expect(listed.written()).toContain(`"until":"${iso}"`);
  });
});
