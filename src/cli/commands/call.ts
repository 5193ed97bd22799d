import type { Config } from '../../config/config.ts';
import { readEnvironment } from '../../config/dotenv.ts';
import { findConfig } from '../../config/find-config.ts';
import type { AnswerSink } from '../../contract/answer-sink.ts';
import type { CallRecord } from '../../contract/call-record.ts';
import type { FailureReport } from '../../contract/failure-report.ts';
import type { GatewayObserver } from '../../contract/observer.ts';
import { openaiChatClient } from '../../dialects/openai-chat/openai-chat.ts';
import { createGateway } from '../../gateway/gateway.ts';
import { traceLines } from '../../observe/trace-text.ts';
import { readProxies } from '../../upstream/proxies.ts';
import { newRequestId } from '../../values/request-id.ts';
import { UserError } from '../../values/user-error.ts';
import { onReaderGone } from './output.ts';

export interface CallFlags {
	config?: string;
	profile?: string;
	stream: boolean;
	trace?: boolean;
}

/**
 * One call through the same machines as the proxy's: the answer on standard output, everything else on standard error.
 * @throws ConfigError, or UserError when there is no such profile or no whole answer
 */
export async function call(prompt: string, options: CallFlags): Promise<void> {
	const { config, isEmbedded } = findConfig(options.config);
	const route = options.profile ?? config.defaultProfile;
	if (isEmbedded) process.stderr.write('No configuration found: these providers are simulated.\n');
	const { promise: ended, resolve: onEnded } = Promise.withResolvers<CallRecord>();
	const proxies = readProxies(readEnvironment(process.env).variables);
	const gateway = await createGateway(config, { ...complaints, callEnded: onEnded }, { proxies });
	try {
		if (!gateway.profiles.includes(route) && !gateway.targets.some(({ target }) => target === route)) {
			throw new UserError(unknownRoute(route, config));
		}
		const printer = new Printer();
		const json = JSON.stringify({ messages: [{ role: 'user', content: prompt }], stream: options.stream });
		const { request } = openaiChatClient.read(json);
		const running = gateway.call({ id: newRequestId(), route, request, dialect: openaiChatClient }, printer);
		// Nobody reads on, so nobody should pay for the rest of the answer.
		onReaderGone(() => running.leave());
		const { trace } = await ended;
		if (options.trace) process.stderr.write(`${traceLines(trace).join('\n')}\n`);
		if (printer.problem !== undefined) throw new UserError(printer.problem);
	} finally {
		await gateway.close();
	}
}

const complaints: GatewayObserver = {
	keyTroubled: (id, source, { what }) =>
		process.stderr.write(`The key of provider ${id} could not be fetched: ${what} (${source}).\n`),
	crashed: (error) =>
		process.stderr.write(`a fault of Breakwater itself: ${error instanceof Error ? error.stack : error}\n`),
};

function unknownRoute(route: string, config: Config): string {
	return `There is no profile or target '${route}' in ${config.file}; the profiles are ${Object.keys(config.profiles).join(', ')}.`;
}

/** A client that is a terminal. */
class Printer implements AnswerSink {
	problem: string | undefined;

	answer(_info: unknown, body: Buffer | string): void {
		const { choices } = JSON.parse(body.toString()) as { choices: [{ message: { content: string | null } }] };
		process.stdout.write(`${choices[0].message.content ?? ''}\n`);
	}

	begin(): void {}

	write(events: string): boolean {
		for (const event of events.split('\n\n')) {
			if (event.startsWith('data: {')) process.stdout.write(deltaText(event.slice('data: '.length)));
		}
		return true;
	}

	end(): void {
		process.stdout.write('\n');
	}

	fail(report: FailureReport): void {
		this.problem = report.body.error.message;
	}

	breakOff(report: FailureReport): void {
		process.stdout.write('\n');
		this.problem = report.body.error.message;
	}
}

function deltaText(chunk: string): string {
	const { choices } = JSON.parse(chunk) as { choices?: { delta?: { content?: string | null } }[] };
	return choices?.[0]?.delta?.content ?? '';
}
