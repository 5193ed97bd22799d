import { section, table, text, textThat } from './fields.ts';

const hint = textThat(
	(value) => value !== '' && value === value.trim().toLowerCase() && value.length <= 80,
	'is not the value of a hint; write it in small letters, of which a request may make large ones',
);

const profilesByHint = table(hint, text());

const heuristic = (when: string) => text().exactOptional().describe(`The profile for ${when}. Default: none.`);

/** How requests that name no profile and no target find one. */
export const routing = section({
	hints: section({
		taskType: profilesByHint
			.exactOptional()
			.describe('Profiles by task type: what `X-Task-Type` or `failover.taskType` says. Default: none.'),
		quality: profilesByHint
			.exactOptional()
			.describe('Profiles by quality: what `X-Quality` or `failover.quality` says. Default: none.'),
	})
		.exactOptional()
		.describe('Profiles by the hints that a request gives. Default: hints are not looked at.'),
	heuristics: section({
		code: heuristic('requests whose last message is about code, as a fence, a stack trace or a diff shows'),
		critical: heuristic('requests whose last message calls itself urgent'),
		cheap: heuristic('short requests for a small task, such as a translation or a summary'),
	})
		.exactOptional()
		.describe('Profiles by a look at the last message. Default: messages are not looked at.'),
});
