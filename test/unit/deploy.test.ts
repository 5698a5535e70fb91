import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { configJsonSchema, parseConfig } from '../../src/config/index.js';

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
    const { container } = kubernetes();
    expect(container.ports.map(({ containerPort }: { containerPort: number }) => containerPort)).toEqual([8080, 9090]);
  });

  it('pass on no secret but by reference, and only such as the config reads', () => {
    const read = new Set(['PGPASSWORD', ...environmentNames(configJsonSchema())]);
    const { services } = compose();
    const { NODE_ENV: _, ...environment } = services['sluice-1'].environment;
    for (const [name, value] of Object.entries(environment)) {
      expect(read).toContain(name);
      expect(value).toMatch(new RegExp(`^\\$\\{(${name}|POSTGRES_PASSWORD|REDIS_PASSWORD)(:[?-].*)?\\}$`));
    }
    for (const name of read) expect(Object.keys(environment)).toContain(name);
    const { container } = kubernetes();
    expect(container.env).toBeUndefined();
    expect(container.envFrom).toEqual([{ secretRef: { name: 'sluice' } }]);
    const header = readFileSync(join(DEPLOY, 'kubernetes/sluice.yaml'), 'utf8').split('\napiVersion')[0] ?? '';
    for (const [, name = ''] of header.matchAll(/--from-literal=(\w+)=/g)) expect(read).toContain(name);
  });

  it('name in Kubernetes only what is there', () => {
    const { set, container, services, budget } = kubernetes();
    const { labels } = set.spec.template.metadata;
    const selectors = [set.spec.selector.matchLabels, budget.spec.selector.matchLabels];
    selectors.push(...services.map(({ spec }) => spec.selector));
    for (const selector of selectors) expect(selector).toEqual(labels);
    expect(services.map(({ metadata }) => metadata.name)).toContain(set.spec.serviceName);
    const ports = container.ports.map(({ name }: { name: string }) => name);
    for (const { spec } of services) for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort);
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      expect(ports).toContain(container[probe].httpGet.port);
    }
    const volumes = [...set.spec.template.spec.volumes, ...set.spec.volumeClaimTemplates.map(nameOf)].map(
      ({ name }) => name,
    );
    expect(container.volumeMounts.map(({ name }: { name: string }) => name).sort()).toEqual(volumes.sort());
    expect(budget.spec.maxUnavailable).toBeLessThan(set.spec.replicas);
    expect(container.resources).toMatchObject({ requests: expect.any(Object), limits: { memory: expect.any(String) } });
  });

  it('give every replica the time and the room that the config takes', () => {
    const config = parseConfig(parse(readFileSync(join(DEPLOY, 'sluice.yaml'), 'utf8')), 'deploy/sluice.yaml');
    const { set, container } = kubernetes();
    const drainSeconds = config.limits.drainTimeoutMs / 1_000;
    const pauseSeconds = Number(container.lifecycle.preStop.exec.command[1]);
    expect(set.spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(drainSeconds + pauseSeconds);
    const { services } = compose();
    expect(parseInt(services['sluice-1'].stop_grace_period, 10)).toBeGreaterThan(drainSeconds);
    const mounted = container.volumeMounts.find(({ name }: { name: string }) => name === 'spool').mountPath;
    expect(config.hitLog.spool.folder).toMatch(new RegExp(`^${mounted}/`));
    const [claim] = set.spec.volumeClaimTemplates;
    const gigabytes = parseInt(claim.spec.resources.requests.storage, 10);
    expect(gigabytes * 2 ** 30).toBeGreaterThan(2 * config.hitLog.spool.maxBytes);
    const nginx = readFileSync(join(DEPLOY, 'nginx.conf'), 'utf8');
    const megabytes = Number(/client_max_body_size (\d+)m/.exec(nginx)?.[1]);
    expect(megabytes * 2 ** 20).toBeGreaterThanOrEqual(config.limits.maxBodyBytes);
    const dockerfile = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8');
    expect(dockerfile).toMatch(/^VOLUME \/data$/m);
    expect(dockerfile).toMatch(/^EXPOSE 8080 9090$/m);
  });
});

/** What YAML holds is what the tests are about. */
type Yaml = ReturnType<typeof parse>;

function compose(): { readonly services: Yaml } {
  return parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true });
}

function kubernetes(): { set: Yaml; container: Yaml; services: Yaml[]; budget: Yaml } {
  const documents: Yaml[] = parseAllDocuments(readFileSync(join(DEPLOY, 'kubernetes/sluice.yaml'), 'utf8')).map(
    (each) => each.toJS(),
  );
  const ofKind = (kind: string): Yaml[] => documents.filter((document) => document.kind === kind);
  const [set] = ofKind('StatefulSet');
  const [container] = set.spec.template.spec.containers;
  const [budget] = ofKind('PodDisruptionBudget');
  return { set, container, services: ofKind('Service'), budget };
}

function nameOf({ metadata }: Yaml): { name: string } {
  return { name: metadata.name };
}

/** Defaults of all settings that name an environment variable. */
function environmentNames(schema: Yaml): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries<Yaml>(schema).flatMap(([key, value]) =>
    /Env$/.test(key) && typeof value?.default === 'string' ? [value.default] : environmentNames(value),
  );
}
