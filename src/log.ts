import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { GatewayObserver } from './observer.ts';
import { traceLine } from './trace-text.ts';

export type { Logger };

/** What `LOG_LEVEL` may be; `true` and `false` are debug and errors only. */
const levels: Readonly<Record<string, string>> = { true: 'debug', false: 'error' };

const gathered = { dest: 2, sync: false, minLength: 8192, periodicFlush: 200 };

/**
 * The log of the process, on standard error: lines for people on a terminal, JSON elsewhere.
 * @param level `LOG_LEVEL` from the environment; a word that is none means `info`
 */
export function createLog(level: string | undefined): Logger {
	const name = levels[level ?? ''] ?? (level || 'info');
	const options = { level: name in pino.levels.values || name === 'silent' ? name : 'info', base: null };
	// Gathered and written a few times a second: a system call for every line costs more than the line.
	const log = process.stderr.isTTY ? pino(options, forPeople()) : pino(options, pino.destination(gathered));
	if (options.level !== name) log.warn(`LOG_LEVEL is not a level; the log is at ${options.level}`);
	return log;
}

function forPeople() {
	return pretty({
		destination: 2,
		sync: true,
		translateTime: 'HH:MM:ss',
		ignore: 'pid,hostname,route,outcome,ms,walk',
		messageFormat: (line, messageKey) =>
			line.walk === undefined
				? String(line[messageKey])
				: `${line.route} ${line.outcome} in ${line.ms} ms: ${line.walk}`,
		singleLine: true,
	});
}

/** Writes what happens in a gateway to the log: one line a call, one for every change of a provider. */
export function logObserver(log: Logger): GatewayObserver {
	return {
		callEnded: ({ id, route, outcome, code, skippedEvents, ms, trace }) => {
			const line = {
				requestId: id,
				route,
				outcome,
				...(code === undefined ? {} : { code }),
				...(skippedEvents === undefined ? {} : { skippedEvents }),
				ms,
				walk: traceLine(trace),
			};
			if (outcome === 'failed') log.warn(line, 'call failed');
			else log.info(line, 'call');
		},
		providerChanged: (provider, from, to, { reason, retryAt }) => {
			const line = { provider, reason, retryAt };
			if (to === 'closed' || to === 'half-open') log.info(line, `provider ${provider}: ${from} → ${to}`);
			else log.warn(line, `provider ${provider}: ${from} → ${to}`);
		},
		providerAlarmed: (provider, source, { alarm, failure, model, until }) => {
			const { category, reason, status } = failure;
			const line = { provider, source, model, category, reason, status, until: new Date(until).toISOString() };
			log.error(line, alarmTexts[alarm]);
		},
		providerOperated: (provider, { type }, from, to) =>
			log.warn({ provider, order: type }, `provider ${provider}: an operator's order, ${from} → ${to}`),
		crashed: (error, requestId) =>
			log.error({ requestId, error: describeCrash(error) }, 'a fault of Breakwater itself'),
	};
}

const alarmTexts = {
	auth: 'a provider rejects its credential: check the key at `source` in the configuration; the provider is not asked until then',
	quota: 'a provider is out of quota or credit: top it up or wait; it is not asked until then',
	model: 'a model is not available at its provider: check its name in the configuration; it is not asked until then',
};

/** The stack without the message, which might quote what a caller or a provider said. */
function describeCrash(error: unknown): string {
	if (!(error instanceof Error)) return typeof error;
	const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
	return [error.name, ...frames].join('\n');
}
