import type { TextField } from '../core/index.js';

/** Words of a line, for lists that are easier to read and to compare without their quotes. */
const words = (...lines: readonly string[]): ReadonlySet<string> => new Set(lines.flatMap((line) => line.split(' ')));

/** Keys below which anybody may choose keys: schemas, arguments, settings of a backend. */
const FREE = words(
  'metadata parameters arguments input_schema schema json_schema properties patternProperties definitions $defs',
  'input_examples parsed_arguments parsed chat_template_kwargs mm_processor_kwargs extra_body options logit_bias',
  'headers attributes filters data_sources content_filter_results prompt_filter_results content_filter_result',
  'guided_json guided_decoding variables toolContext eager_input_streaming error',
);

/** Keys of the formats of OpenAI, and of what speaks them: Azure, DeepSeek, OpenRouter, vLLM. */
const OPENAI = words(
  'model messages prompt input instructions suffix role name content type text refusal id object created created_at',
  'choices index message delta finish_reason stop_reason native_finish_reason usage system_fingerprint service_tier',
  'reasoning reasoning_content reasoning_details thinking thinking_blocks summary format data signature encrypted_content prefix',
  'tool_calls tool_call_id function function_call functions custom tools tool_choice parallel_tool_calls strict',
  'description image_url url detail input_audio audio file file_data file_id filename transcript voice expires_at',
  'annotations url_citation start_index end_index title citations search_results date snippet last_updated',
  'response_format prediction stream stream_options include_usage include_obfuscation obfuscation stop n echo best_of',
  'temperature top_p top_k min_p max_tokens max_completion_tokens seed presence_penalty frequency_penalty',
  'repetition_penalty length_penalty use_beam_search ignore_eos min_tokens stop_token_ids skip_special_tokens',
  'logprobs top_logprobs user safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options',
  'prompt_cache_breakpoint store modalities reasoning_effort effort enabled verbosity web_search_options',
  'search_context_size user_location approximate city country region timezone generate_summary definition grammar',
  'syntax allowed_tools mode provider providers models route transforms plugins order sort moderation ttl kind policy',
  'code param audio_url video_url image images cache_control citation dimensions encoding_format embedding',
  'guided_regex guided_choice guided_grammar guided_whitespace_pattern add_generation_prompt continue_final_message',
  'output output_text input_text output_index content_index item_id item part sequence_number response status',
  'incomplete_details reason previous_response_id conversation truncation include background call_id action actions',
  'queries query sources results result score attributes pattern path command env timeout_ms user working_directory',
  'container container_id server_label server_url server_description connector_id authorization require_approval',
  'allowed_tools always never tool_names approve approval_request_id vector_store_ids max_num_results ranking_options',
  'ranker score_threshold logs outputs image_generation_call b64_json partial_image_b64 quality size output_format',
  'background moderation style mask speed response_mime_type documents top_n return_documents rank_fields relevance_score',
  'document meta annotation safety_checks pending_safety_checks acknowledged_safety_checks button x y keys scroll_x',
  'scroll_y environment display_width display_height message_id phase max_output_tokens max_tool_calls completed_at',
  'verbatim encrypted_index caller scale logprob token bytes value categories flagged category_scores',
  'category_applied_input_types context schema_version key deleted moderations content_parts custom_tool_calls',
  'text_offset token_logprobs tokens completion_tokens prompt_tokens total_tokens completion_tokens_details',
  'prompt_tokens_details accepted_prediction_tokens audio_tokens reasoning_tokens rejected_prediction_tokens',
  'cache_write_tokens cached_tokens input_tokens input_tokens_details output_tokens output_tokens_details',
  'output_parsed inputItems inputTokens allowed_callers file_ids memory_limit network_policy skills skill_id',
  'allowed_domains domain_secrets domain defer_loading hybrid_search embedding_weight text_weight output_schema',
  'source media_type operation created_by diff caller_id namespace outcome stderr stdout exit_code commands',
  'max_output_length partial_image_index file_url execution fingerprint annotation_index version summary_index',
  'context_management compact_threshold tunnel_id read_only input_fidelity input_image_mask output_compression',
  'partial_images search_content_types starting_after',
);

/** Keys of Anthropic Messages. */
const ANTHROPIC = words(
  'model messages system role content type text id name max_tokens stream stop_sequences stop_sequence stop_reason',
  'stop_details temperature top_p top_k metadata user_id tools tool_choice disable_parallel_tool_use input',
  'tool_use_id is_error thinking signature data budget_tokens display source media_type url file_id title context',
  'citations cited_text document_index document_title start_char_index end_char_index start_page_number',
  'end_page_number start_block_index end_block_index search_result_index enabled cache_control ttl description',
  'usage message error delta index content_block partial_json service_tier container skills skill_id version',
  'mcp_servers server_name authorization_token tool_configuration allowed_tools url query max_uses allowed_domains',
  'blocked_domains user_location city country region timezone encrypted_content encrypted_index page_age error_code',
  'error_message file_type stdout stderr return_code encrypted_stdout lines num_lines old_lines new_lines old_start',
  'new_start start_line total_lines is_file_update tool_name tool_id tool_references tool_references toolset_name',
  'defer_loading strict allowed_callers caller category explanation retrieved_at filename request_id requests',
  'custom_id params betas anthropic_beta anthropic_version output_config effort format output_format',
  'context_management edits trigger value keep clear_at_least exclude_tools clear_tool_inputs applied_edits',
  'inference_geo speed recommended_model fallback_model key text_editor command path view_range file_text old_str',
  'new_str insert_line insert_text action coordinate object parsed citation configs response_inclusion',
  'user_profile_id workspace_id transformations state_changes diagnostics target modifiers to from',
  'previous_message_id unsupported ref tabs url_sources tab_id document_ids moderation result results batches x y',
  'paths duration repeat depth filter scroll_direction scroll_amount download_id size_bytes active close_tab',
  'double_click file_upload find form_input get_page_text hold_key hover javascript_exec left_click left_click_drag',
  'left_mouse_down left_mouse_up list_tabs middle_click mouse_move navigate new_tab read_console read_network',
  'read_page right_click screenshot scroll scroll_to switch_tab triple_click wait zoom ephemeral_1h_input_tokens',
  'ephemeral_5m_input_tokens cache_missed_input_tokens start_coordinate cursor_position expires_at cache_miss_reason',
  'max_side_length_pixels oversized_image cache_creation_input_tokens cache_read_input_tokens input_tokens',
  'output_tokens output_tokens_details server_tool_use thinking_tokens web_fetch_requests web_search_requests',
  'required max_characters cache_creation max_content_tokens use_cache client_tool_results server_tool_results',
  'user_input',
);

/** Keys of Ollama. */
const OLLAMA = words(
  'model messages prompt suffix system template images image role content thinking reasoning tool_calls tool_name',
  'function name description type tools format stream raw keep_alive think context response done done_reason',
  'created_at total_duration load_duration prompt_eval_count prompt_eval_duration eval_count eval_duration input',
  'embedding embeddings truncate dimensions remote_model remote_host message error logprobs top_logprobs id index',
  'required items enum tool_call_id shift reasoning_content',
);

const BY_FAMILY: readonly { readonly begins: string; readonly keys: ReadonlySet<string> }[] = [
  { begins: 'openai-', keys: OPENAI },
  { begins: 'anthropic-', keys: ANTHROPIC },
  { begins: 'ollama', keys: OLLAMA },
  { begins: 'rerank', keys: OPENAI },
];
const KEYS_OF_PATH = /\["((?:[^"\\]|\\.)*)"\]|\[\d+\]|\{.*\}$|([^.[{]+)/g;

/**
 * Returns the paths of the texts that stand under a key which the format does not know, or knows by another spelling; none
 * for a format whose keys are not listed. They are judged like all others. Never throws.
 */
export function unknownFields(format: string, fields: readonly TextField[]): string[] {
  const keys = BY_FAMILY.find(({ begins }) => format.startsWith(begins))?.keys;
  if (keys === undefined) return [];
  return fields.filter(({ path }) => !isKnown(path, keys)).map(({ path }) => path);
}

function isKnown(path: string, keys: ReadonlySet<string>): boolean {
  for (const [, quoted, plain] of path.matchAll(KEYS_OF_PATH)) {
    const key = quoted ?? plain;
    if (key === undefined) continue;
    if (FREE.has(key)) return true;
    if (!keys.has(key)) return false;
  }
  return true;
}
