import { expect, it } from 'vitest';
import { readConfigText } from '../../src/config/load.ts';
import { documentedVariables, fileText, requiredEnvironment } from './documented.ts';
import { configMapOf, manifestsOf, partAt } from './kubernetes.ts';

const text = fileText('deploy/kubernetes.yaml');
const manifests = manifestsOf(text);
const { config } = readConfigText(configMapOf(text), { file: 'gateway.yaml', env: requiredEnvironment(text) });
const pod = partAt(manifests, 'Deployment.spec.template.spec');
const container = partAt(pod, 'containers.0');
const labels = partAt(manifests, 'Deployment.spec.template.metadata.labels');

it('is a deployment with its configuration, its service and its disruption budget', () => {
	expect(Object.keys(manifests).sort()).toEqual(['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'Service']);
});

it('selects its own pods', () => {
	expect(partAt(manifests, 'Deployment.spec.selector.matchLabels')).toEqual(labels);
	expect(partAt(manifests, 'Service.spec.selector')).toEqual(labels);
	expect(partAt(manifests, 'PodDisruptionBudget.spec.selector.matchLabels')).toEqual(labels);
	expect(partAt(pod, 'topologySpreadConstraints.0.labelSelector.matchLabels')).toEqual(labels);
});

it('listens where the probes, the service and the scraper look', () => {
	expect(config.server.host).toBe('0.0.0.0');
	expect(partAt(container, 'ports')).toEqual([{ name: 'http', containerPort: config.server.port }]);
	expect(partAt(manifests, 'Service.spec.ports.0.targetPort')).toBe('http');
	expect(partAt(container, 'livenessProbe.httpGet')).toEqual({ path: '/health', port: 'http' });
	expect(partAt(container, 'startupProbe.httpGet')).toEqual({ path: '/health', port: 'http' });
	expect(partAt(container, 'readinessProbe.httpGet')).toEqual({ path: '/ready', port: 'http' });
	expect(partAt(manifests, 'Deployment.spec.template.metadata.annotations')).toMatchObject({
		'prometheus.io/port': String(config.server.port),
		'prometheus.io/path': '/metrics',
	});
});

it('is told before it must go, and given the time that it needs', () => {
	const { drainDelay, drainTimeout } = config.server;
	const probe = partAt(container, 'readinessProbe') as { periodSeconds: number; failureThreshold: number };
	const noticedMs = probe.periodSeconds * probe.failureThreshold * 1000;
	expect(drainDelay).toBeGreaterThan(noticedMs);
	// A second for those who do not read their error, two for notifications, and some for a slow machine.
	const graceMs = Number(partAt(pod, 'terminationGracePeriodSeconds')) * 1000;
	expect(graceMs).toBeGreaterThanOrEqual(drainDelay + drainTimeout + 5_000);
});

it('keeps one replica when nodes are emptied, and all while it is replaced', () => {
	expect(Number(partAt(manifests, 'Deployment.spec.replicas'))).toBeGreaterThan(1);
	expect(partAt(manifests, 'PodDisruptionBudget.spec.minAvailable')).toBe(1);
	expect(partAt(manifests, 'Deployment.spec.strategy.rollingUpdate.maxUnavailable')).toBe(0);
});

it('has its configuration from the ConfigMap and every variable from one Secret', () => {
	expect(partAt(container, 'args')).toEqual(['serve', '--config', '/etc/breakwater/gateway.yaml']);
	expect(partAt(container, 'volumeMounts')).toContainEqual(
		expect.objectContaining({ name: 'config', mountPath: '/etc/breakwater' }),
	);
	expect(partAt(pod, 'volumes')).toContainEqual({ name: 'config', configMap: { name: 'breakwater' } });
	expect(partAt(manifests, 'ConfigMap.metadata.name')).toBe('breakwater');
	expect(partAt(container, 'envFrom')).toEqual([{ secretRef: { name: 'breakwater-keys' } }]);
	expect(text).toContain('kubectl create secret generic breakwater-keys');
	expect(documentedVariables(text).every(({ isRequired }) => isRequired)).toBe(true);
});

it('runs as the user of the image, and may do nothing but serve', () => {
	const [, user = '', group = ''] = /^USER (\d+):(\d+)$/m.exec(fileText('Dockerfile')) ?? [];
	expect(partAt(pod, 'securityContext')).toEqual({
		runAsNonRoot: true,
		runAsUser: Number(user),
		runAsGroup: Number(group),
		seccompProfile: { type: 'RuntimeDefault' },
	});
	expect(partAt(container, 'securityContext')).toEqual({
		allowPrivilegeEscalation: false,
		readOnlyRootFilesystem: true,
		capabilities: { drop: ['ALL'] },
	});
	expect(partAt(pod, 'automountServiceAccountToken')).toBe(false);
	expect(partAt(container, 'resources')).toMatchObject({
		requests: { cpu: expect.any(String), memory: expect.any(String) },
		limits: { memory: expect.any(String) },
	});
	const [, gibibytes] = /^(\d+)Gi$/.exec(String(partAt(container, 'resources.limits.memory'))) ?? [];
	// Node takes half of it for old objects, and requests a quarter of that.
	expect(Number(gibibytes) * 1024 ** 3).toBeGreaterThanOrEqual(8 * config.server.limits.memory);
	// Log files would need a place to be written to.
	expect(config.logs).toBeUndefined();
});
