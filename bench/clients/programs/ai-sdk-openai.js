import { openai } from '@ai-sdk/openai';
import { defaultSettingsMiddleware, wrapLanguageModel } from 'ai';
import { runAiSdk } from './ai-sdk.js';

const middleware = defaultSettingsMiddleware({ settings: { providerOptions: { openai: { store: false } } } });

await runAiSdk((name) => wrapLanguageModel({ model: openai(name), middleware }));
