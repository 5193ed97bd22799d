import { Gauge, type Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import { targetsOf } from '../../config/targets.ts';
import type { TargetStanding } from '../../contract/service.ts';

export type StandingsSource = () => Readonly<Record<string, TargetStanding>>;

const labelNames = ['gen_ai_provider_name', 'gen_ai_request_model'] as const;

/** What is read of a target when somebody scrapes; undefined has no series. */
const gauges: readonly { name: string; help: string; value(standing: TargetStanding): number | undefined }[] = [
	{
		name: 'breakwater_target_success_ratio',
		help: 'The share of attempts that succeeded within the shortest healthWindow, where a profile orders its targets.',
		value: ({ successRate }) => successRate,
	},
	{
		name: 'breakwater_target_first_token_seconds',
		help: 'What streamed answers took until their first token, a decayed average, where a profile orders its targets.',
		value: ({ firstTokenMs }) => firstTokenMs && firstTokenMs / 1000,
	},
	{
		name: 'breakwater_target_in_flight',
		help: 'Attempts under way, where a profile orders its targets.',
		value: ({ inFlight }) => inFlight,
	},
];

/** Gauges of the targets by which profiles order them. Only configured targets have a series. */
export function addTargetMetrics(registry: Registry, config: Config, standings: StandingsSource): void {
	const targets = new Map(targetsOf(config).map(({ target, provider, model }) => [target, { provider, model }]));
	for (const { name, help, value } of gauges) {
		const gauge = new Gauge({
			name,
			help,
			labelNames: [...labelNames],
			registers: [registry],
			collect: () => {
				gauge.reset();
				for (const [target, standing] of Object.entries(standings())) {
					const known = targets.get(target);
					const number = value(standing);
					if (known === undefined || number === undefined) continue;
					gauge.set({ gen_ai_provider_name: known.provider, gen_ai_request_model: known.model }, number);
				}
			},
		});
	}
}
