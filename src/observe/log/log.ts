import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { CallRecord } from '../../contract/call-record.ts';
import type { GatewayObserver } from '../../contract/observer.ts';
import { rfc3339 } from '../../values/clock.ts';
import { traceLine } from '../trace-text.ts';
import { LocalFaultLog } from './local-fault-log.ts';
import { keepLogFiles, type LogFiles } from './log-files.ts';
import { RefusalLog } from './refusal-log.ts';
import { UnknownModelLog } from './unknown-models.ts';

export type { Logger };

/** What `LOG_LEVEL` may be; `true` and `false` are debug and errors only. */
const levels: Readonly<Record<string, string>> = { true: 'debug', false: 'error' };

const gathered = { dest: 2, sync: false, minLength: 8192, periodicFlush: 200 };

/** How often it is said that the log files cannot be written, ms. */
const COMPLAINT_INTERVAL_MS = 60_000;

/**
 * The log of the process, on standard error: lines for people on a terminal, JSON elsewhere.
 * @param level `LOG_LEVEL` from the environment, in whatever case; a word that is none means `info`
 * @param files where it is written to as well, as JSON
 * @param shown in the place of standard error
 */
export function createLog(level: string | undefined, files?: LogFiles, shown: Destination = standardError()): Logger {
	const given = level?.trim().toLowerCase() || 'info';
	const name = levels[given] ?? given;
	const options = { level: name in pino.levels.values || name === 'silent' ? name : 'info', base: null };
	if (files !== undefined) complainAbout(files, pino(options, shown));
	const log = pino(options, files === undefined ? shown : both(shown, files));
	if (options.level !== name) log.warn(`LOG_LEVEL is not a level; the log is at ${options.level}`);
	if (files !== undefined) keepLogFiles(files, () => log.warn('the log file was gone, and has been made again'));
	return log;
}

/** Gathered and written a few times a second: a system call for every line costs more than the line. */
function standardError(): Destination {
	return process.stderr.isTTY ? forPeople() : pino.destination(gathered);
}

type Destination = pino.DestinationStream & { flush?: (done: () => void) => void };

/** Every line goes to both. */
function both(one: Destination, other: Destination): Destination {
	return {
		write(line) {
			one.write(line);
			other.write(line);
		},
		flush(done) {
			const flushed = [one, other].map(
				(stream) => new Promise<void>((resolve) => (stream.flush === undefined ? resolve() : stream.flush(resolve))),
			);
			Promise.all(flushed).then(done);
		},
	};
}

/** A full disk must not end the process, nor fill the log on standard error with the same line. */
function complainAbout(files: LogFiles, log: Logger): void {
	let saidAt = Number.NEGATIVE_INFINITY;
	files.on('error', ({ code }: NodeJS.ErrnoException) => {
		if (performance.now() - saidAt < COMPLAINT_INTERVAL_MS) return;
		saidAt = performance.now();
		log.error({ code }, 'the log files cannot be written, and lack lines from now on: check the disk of logs.folder');
	});
}

function forPeople() {
	return pretty({
		destination: 2,
		sync: true,
		translateTime: 'HH:MM:ss',
		ignore: 'pid,hostname,route,outcome,ms,firstTokenMs,trace',
		messageFormat: (line, messageKey) =>
			line.trace === undefined
				? String(line[messageKey])
				: `${line.route} ${line.outcome} in ${line.ms} ms${firstToken(line)}: ${line.trace}`,
		singleLine: true,
	});
}

function firstToken({ firstTokenMs }: { firstTokenMs?: unknown }): string {
	return firstTokenMs === undefined ? '' : ` (first token in ${firstTokenMs} ms)`;
}

/**
 * Writes what happens in a gateway to the log: one line a call, one for every change of a provider, one for each refused
 * request unless there are too many.
 */
export function logObserver(log: Logger): GatewayObserver {
	const refusals = new RefusalLog(log);
	const localFaults = new LocalFaultLog(log);
	const warnOfReason = reasonWarning(log);
	const unknownModels = new UnknownModelLog(log);
	return {
		callRefused: (refused) => refusals.add(refused),
		fieldRefused: ({ target, field, isOurs }) => {
			const what = field ?? 'a field of a request';
			if (isOurs) log.info({ target, field }, `${target} does not take ${what}: Breakwater no longer adds it`);
			else log.warn({ target, field }, `${target} does not take ${what}: such requests go to another provider, if any`);
		},
		modelUnknown: (model, route) => unknownModels.add(model, route),
		callEnded: (record) => {
			for (const { provider, reason } of record.unknownFinishReasons ?? []) warnOfReason(provider, reason);
			if (record.outcome === 'failed') log.warn(callLine(record), 'call failed');
			else log.info(callLine(record), 'call');
		},
		providerChanged: (provider, from, to, { reason, retryAt }) => {
			const line = { provider, reason, retryAt };
			if (to === 'closed' || to === 'half-open') log.info(line, `provider ${provider}: ${from} → ${to}`);
			else log.warn(line, `provider ${provider}: ${from} → ${to}`);
		},
		providerAlarmed: (provider, source, { alarm, failure, model, until }) => {
			const { category, reason, status } = failure;
			const line = { provider, source, model, category, reason, status, until: rfc3339(until) };
			log.error(line, alarmTexts[alarm]);
		},
		providerOperated: (provider, action, from, to, by) => {
			const forMs = action.type === 'operator.tripped' ? action.forMs : undefined;
			const line = { provider, action: action.type, forMs, by };
			log.warn(line, `provider ${provider}: ${action.type} through the admin API, ${from} → ${to}`);
		},
		localFault: (what) => localFaults.add(what),
		surplusReceived: (origin) =>
			log.warn(
				{ origin },
				'a provider sent bytes that belong to none of its answers; its connections are not kept for now',
			),
		crashed: (error, requestId) =>
			log.error({ requestId, error: describeCrash(error) }, 'a fault of Breakwater itself'),
	};
}

/** Reasons that are warned of; a provider that makes up a new one for every answer must not fill the log. */
const MOST_REASONS = 100;

/** Warns of each finish reason of each provider that nobody knows, once. */
function reasonWarning(log: Logger): (provider: string, reason: string) => void {
	const told = new Set<string>();
	return (provider, finishReason) => {
		const key = `${provider} ${finishReason}`;
		if (told.has(key) || told.size >= MOST_REASONS) return;
		told.add(key);
		const rule = 'if it means a failure, say so with an error rule: code finishReason:…';
		log.warn({ provider, finishReason }, `a finish reason that is not known was passed on; ${rule}`);
	};
}

/** Only what there is: a line has no field that is empty. */
function callLine(record: CallRecord) {
	const {
		id,
		client,
		clientRequestId,
		route,
		outcome,
		code,
		repaired,
		unsupported,
		skippedEvents,
		ms,
		firstTokenMs,
		tokens,
		trace,
	} = record;
	return {
		requestId: id,
		clientRequestId,
		client,
		route,
		outcome,
		code,
		repaired,
		unsupported,
		skippedEvents,
		ms,
		firstTokenMs: firstTokenMs === undefined ? undefined : Math.round(firstTokenMs),
		tokens: tokens.length === 0 ? undefined : tokens,
		trace: traceLine(trace),
	};
}

const alarmTexts = {
	auth: 'a provider rejects its credential: check the key at `source` in the configuration; the provider is not asked before `until`',
	quota: 'a provider is out of quota or credit: top it up or wait; it is not asked before `until`',
	model:
		'a model is not available at its provider: check its name at `source` in the configuration; it is not asked before `until`',
};

/** The stack without the message, which might quote what a caller or a provider said. */
function describeCrash(error: unknown): string {
	if (!(error instanceof Error)) return typeof error;
	const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
	return [error.name, ...frames].join('\n');
}
