import { routesOf } from '../../../src/gateway/routes.ts';
import { explainCase, subjectsOf } from '../../../src/verify/play/play.ts';
import { readScript } from '../../../src/verify/play/read-script.ts';
import { startGateway } from '../../helpers/gateway.ts';
import { RealStage, retryAfterMsOf, untilAll } from './real-stage.ts';
import { configOf, type ReplayedCase, stretched, withPatience } from './replayed-case.ts';
import { type Seen, seenIn } from './seen.ts';

export interface Replay {
	explained: Seen;
	real: Seen;
	/** `Retry-After`. */
	retryAfterMs: { explained: number | undefined; real: number | undefined };
	/** When each provider will be tried again, ms after the request began. */
	until: { explained: Readonly<Record<string, number>>; real: Readonly<Record<string, number>> };
	/** How long the real case took for what takes no time in imagination, ms. */
	lateMs: number;
}

/**
 * Explains a case, plays it for real, and returns what both say.
 * @param patienceFactor how many times longer than usual the limits are that a case waits for
 */
export async function replay(usual: ReplayedCase, patienceFactor: number): Promise<Replay> {
	const replayed = stretched(usual, patienceFactor);
	const { profile = 'default', when, stream = true, unreachable = [] } = replayed;
	const whole = withPatience(replayed, patienceFactor);
	const config = configOf(whole);
	const explained = explainCase(config, { profile, when, stream });
	const script = readScript(when, subjectsOf(config, routesOf(config)));

	const breakwater = await startGateway(whole);
	try {
		const stage = new RealStage(breakwater, config, script);
		const preparedAt = Date.now();
		await stage.prepare();
		const startedAt = Date.now();
		const { seen, retryAfterMs } = await stage.play(profile, stream);
		const endedAt = Date.now();
		return {
			explained: seenIn(explained, unreachable),
			real: seen,
			retryAfterMs: { explained: retryAfterMsOf(explained.client.headers['retry-after']), real: retryAfterMs },
			until: {
				explained: untilAll(explained.after.map(({ id, until }) => [id, until])),
				real: stage.untilSince(startedAt, profile),
			},
			lateMs: Math.max(0, endedAt - startedAt - explained.ms) + startedAt - preparedAt,
		};
	} finally {
		await breakwater.close();
	}
}
