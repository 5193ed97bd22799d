/** The smallest of each. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const page = 'JVBERi0xLjQKJSVFT0YK';
const parameters = { type: 'object', properties: { city: { type: 'string' } } };
const schema = { type: 'object', properties: { name: { type: 'string' } } };

/** A request with everything in it that its dialect has, by the dialect's name: what a target cannot be told shows in it. */
export const everything: Readonly<Record<string, object>> = {
	'openai-chat': {
		model: 'm',
		messages: [
			{ role: 'developer', content: 'Be brief.' },
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'Look.' },
					{ type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}`, detail: 'low' } },
					{ type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${page}` } },
					{ type: 'input_audio', input_audio: { data: page, format: 'wav' } },
				],
			},
			{
				role: 'assistant',
				content: null,
				reasoning_content: 'Well.',
				tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
			},
			{ role: 'tool', tool_call_id: 'call_1', content: 'Rain.' },
		],
		tools: [
			{ type: 'function', function: { name: 'weather', description: 'Tells it.', parameters, strict: true } },
			{ type: 'custom', custom: { name: 'patch' } },
		],
		tool_choice: 'auto',
		parallel_tool_calls: false,
		max_completion_tokens: 100,
		stop: ['END'],
		temperature: 0.5,
		top_p: 0.9,
		seed: 1,
		frequency_penalty: 0.1,
		presence_penalty: 0.1,
		logit_bias: { 50256: -100 },
		logprobs: true,
		top_logprobs: 2,
		n: 2,
		response_format: { type: 'json_schema', json_schema: { name: 'person', schema } },
		verbosity: 'low',
		reasoning_effort: 'low',
		service_tier: 'auto',
		store: true,
		metadata: { team: 'a' },
		prompt_cache_key: 'a',
		user: 'u',
	},
	'openai-responses': {
		model: 'm',
		instructions: 'Be brief.',
		input: [
			{
				role: 'user',
				content: [
					{ type: 'input_text', text: 'Look.' },
					{ type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'low' },
					{ type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${page}` },
				],
			},
			{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Well.' }], encrypted_content: 'x' },
			{ type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{}' },
			{ type: 'function_call_output', call_id: 'call_1', output: 'Rain.' },
		],
		tools: [
			{ type: 'function', name: 'weather', description: 'Tells it.', parameters, strict: true },
			{ type: 'custom', name: 'patch' },
			{ type: 'web_search' },
		],
		tool_choice: 'auto',
		parallel_tool_calls: false,
		max_output_tokens: 100,
		temperature: 0.5,
		top_p: 0.9,
		top_logprobs: 2,
		text: { format: { type: 'json_schema', name: 'person', schema }, verbosity: 'low' },
		reasoning: { effort: 'low', summary: 'auto' },
		include: ['reasoning.encrypted_content'],
		truncation: 'auto',
		service_tier: 'auto',
		store: false,
		metadata: { team: 'a' },
		prompt_cache_key: 'a',
		safety_identifier: 'u',
	},
	'anthropic-messages': {
		model: 'm',
		max_tokens: 100,
		system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
		messages: [
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'Look.' },
					{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
					{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: page } },
				],
			},
			{
				role: 'assistant',
				content: [
					{ type: 'thinking', thinking: 'Well.', signature: 's' },
					{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} },
				],
			},
			{
				role: 'user',
				content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain.', is_error: false }],
			},
		],
		tools: [
			{ name: 'weather', description: 'Tells it.', input_schema: parameters },
			{ type: 'web_search_20250305', name: 'web_search' },
		],
		tool_choice: { type: 'auto', disable_parallel_tool_use: true },
		stop_sequences: ['END'],
		temperature: 0.5,
		top_p: 0.9,
		top_k: 10,
		thinking: { type: 'enabled', budget_tokens: 50 },
		context_management: { edits: [] },
		service_tier: 'auto',
		metadata: { user_id: 'u' },
	},
};
