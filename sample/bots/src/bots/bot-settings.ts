/** How a bot talks and what it may use. Stored as one JSON document, replaced as a whole. */
export interface BotSettings {
  /** BCP 47 language tag such as `en` or `pt-BR`. */
  readonly language: string;
  /** First message to somebody new. */
  readonly greeting: string;
  readonly channels: readonly BotChannel[];
  readonly model: {
    readonly name: string;
    /** 0 (always the same) to 2 (wild). */
    readonly temperature: number;
  };
  readonly limits: {
    readonly messagesPerMinute: number;
    readonly maxReplyTokens: number;
  };
}

export const BOT_CHANNELS = ['web', 'whatsapp', 'telegram', 'email'] as const;
export type BotChannel = (typeof BOT_CHANNELS)[number];

export const DEFAULT_BOT_SETTINGS: BotSettings = {
  language: 'en',
  greeting: 'Hello! How can I help?',
  channels: ['web'],
  model: { name: 'standard', temperature: 0.7 },
  limits: { messagesPerMinute: 60, maxReplyTokens: 500 },
};
