import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfig } from '../../src/config/index.js';

const DEPLOY = join(__dirname, '../../deploy');

describe('the files in deploy/', () => {
  it('hold a config that is valid', () => {
    const config = parseConfig(parse(readFileSync(join(DEPLOY, 'sluice.yaml'), 'utf8')), 'deploy/sluice.yaml');
    expect(config.store).toMatch(/^postgres:/);
    expect(config.redis).toBeDefined();
  });

  it('are YAML without errors, and name no secret', () => {
    const files = ['compose.yaml', ...readdirSync(join(DEPLOY, 'kubernetes')).map((file) => join('kubernetes', file))];
    for (const file of files) {
      const text = readFileSync(join(DEPLOY, file), 'utf8');
      for (const document of parseAllDocuments(text)) expect(document.errors).toEqual([]);
      expect(text).not.toMatch(/password:\s*['"]?[a-z0-9]/i);
    }
  });

  it('give every replica the spool and the ports of the config', () => {
    const { services } = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true });
    const replicas = Object.keys(services).filter((name) => name.startsWith('sluice-'));
    expect(replicas).toHaveLength(2);
    for (const name of replicas) {
      expect(services[name].volumes).toContainEqual(expect.stringMatching(/:\/data$/));
      expect(services[name].environment.SLUICE_SUBJECT_KEY).toMatch(/^\$\{/);
    }
    const [set] = parseAllDocuments(readFileSync(join(DEPLOY, 'kubernetes/sluice.yaml'), 'utf8')).map((each) =>
      each.toJS(),
    );
    const [container] = set.spec.template.spec.containers;
    expect(container.ports.map(({ containerPort }: { containerPort: number }) => containerPort)).toEqual([8080, 9090]);
  });
});
