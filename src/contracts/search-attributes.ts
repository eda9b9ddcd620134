import { defineSearchAttributeKey } from '@temporalio/common';

/** Never encrypted by Temporal: enums and hashes only. */
export const SEARCH_ATTRIBUTES = {
  cloud: defineSearchAttributeKey('CordonCloud', 'KEYWORD'),
  /** A state of `domain/case.ts`, or a verdict outcome for alerts. */
  state: defineSearchAttributeKey('CordonState', 'KEYWORD'),
  /** Hash of the principal's key, the same as in the case's workflow id. */
  principal: defineSearchAttributeKey('CordonPrincipal', 'KEYWORD'),
  technique: defineSearchAttributeKey('CordonTechnique', 'KEYWORD_LIST'),
  risk: defineSearchAttributeKey('CordonRisk', 'INT'),
} as const;

/** As `--search-attribute NAME=TYPE` of the development server, and for registration on any other. */
export const SEARCH_ATTRIBUTE_TYPES = {
  CordonCloud: 'Keyword',
  CordonState: 'Keyword',
  CordonPrincipal: 'Keyword',
  CordonTechnique: 'KeywordList',
  CordonRisk: 'Int',
} as const;
