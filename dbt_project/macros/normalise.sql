{# How a value of an identifier type becomes the one spelling that is compared: one macro per rule of
   the seed identifier_types. Every rule takes the text of the source and gives null for nothing. #}

{# Value under the rule named by a column of the seed; e164 is the phone library's answer. #}
{% macro normalise_identifier(value, normaliser, e164) -%}
    case {{ normaliser }}
        when 'email' then {{ normalise_email(value) }}
        when 'phone' then {{ e164 }}
        when 'trim_lower' then lower({{ normalise_text(value) }})
        when 'trim_upper' then upper({{ normalise_text(value) }})
        else {{ normalise_text(value) }}
    end
{%- endmacro %}

{# Trimmed of every kind of blank, in Unicode NFC; nothing left is null. #}
{% macro normalise_text(value) -%}
    nullif({{ unicode_nfc(strip_blanks(value)) }}, '')
{%- endmacro %}

{# Lower case and trimmed. Plus tags stay: they are different mailboxes to some providers. #}
{% macro normalise_email(value) -%} lower({{ normalise_text(value) }}) {%- endmacro %}

{# True for a text that can be an e-mail address: one @, a dotted domain, no blanks, a length that a
   mail server takes. Whether a mailbox exists is for bounces to say. #}
{% macro is_email_shaped(value) -%}
    (length({{ value }}) <= 254 and {{ matches(value, email_pattern()) }})
{%- endmacro %}
{% macro email_pattern() -%} {{ return(adapter.dispatch('email_pattern')()) }} {%- endmacro %}
{% macro default__email_pattern() -%}
    {{ return("'^[^@\\s]{1,64}@[^@\\s.]+(\\.[^@\\s.]+)+$'") }}
{%- endmacro %}
{% macro spark__email_pattern() -%}
    {{ return("'^[^@\\\\s]{1,64}@[^@\\\\s.]+(\\\\.[^@\\\\s.]+)+$'") }}
{%- endmacro %}

{# True for a text that can be an identifier_key: SHA-256, in hexadecimal. #}
{% macro is_key_shaped(value) -%} {{ matches(value, "'^[0-9a-f]{64}$'") }} {%- endmacro %}

{# Without leading and trailing blanks, tabs, line ends, no-break and zero-width spaces. #}
{% macro strip_blanks(value) -%} {{ adapter.dispatch('strip_blanks')(value) }} {%- endmacro %}
{% macro default__strip_blanks(value) -%}
    regexp_replace({{ value }}, '^[\s\x{00a0}\x{200b}\x{feff}]+|[\s\x{00a0}\x{200b}\x{feff}]+$', '', 'g')
{%- endmacro %}
{% macro spark__strip_blanks(value) -%}
    regexp_replace({{ value }}, '^[\\s\\x{00a0}\\x{200b}\\x{feff}]+|[\\s\\x{00a0}\\x{200b}\\x{feff}]+$', '')
{%- endmacro %}

{# Unicode normal form C. Spark has no function for it: there a value stays as it came. #}
{% macro unicode_nfc(value) -%} {{ adapter.dispatch('unicode_nfc')(value) }} {%- endmacro %}
{% macro default__unicode_nfc(value) -%} nfc_normalize({{ value }}) {%- endmacro %}
{% macro spark__unicode_nfc(value) -%} {{ value }} {%- endmacro %}

{# Kinds of number of pii.phone_numbers that are a household's, not a person's. #}
{% macro is_landline_kind(kind) -%} ({{ kind }} in ('fixed_line', 'landline')) {%- endmacro %}
{% macro region_code(value) -%} upper(nullif({{ strip_blanks(value) }}, '')) {%- endmacro %}

{# The name under which the graph, the marts and the ledgers know an identifier: keyed SHA-256 over
   type and normalised value. Parts are joined by chr(31), so that no two pairs give one text. #}
{% macro identifier_key(hash_key, identifier_type, value) -%}
    {{ sha256_hex("concat_ws(chr(31), " ~ hash_key ~ ", " ~ identifier_type ~ ", " ~ value ~ ")") }}
{%- endmacro %}

{# Number of an identifier: strength of its type, then the first 56 bits of its key. It never changes,
   and the strongest identifier of several is the smallest number. Two identifiers of one type that
   share a number are found by the test on int_identity__keys; another hash key parts them. #}
{% macro identifier_number(type_rank, identifier_key) -%}
    (cast({{ type_rank }} as bigint) * 72057594037927936 + {{ hex_to_integer(identifier_key, 14) }})
{%- endmacro %}
