namespace Minka.Models.Templates;

/// <summary>One message of a conversation in its simplest form.</summary>
/// <param name="Role">system, user, assistant, tool or what the template knows.</param>
/// <param name="Content">Its text.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>What a template renders.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>A list of mappings: <see cref="TemplateValue.From(IEnumerable{ChatMessage})"/> or a request's JSON.
    /// </summary>
    public required TemplateValue Messages { get; init; }

    /// <summary>A list of tool descriptions, or none.</summary>
    public TemplateValue Tools { get; init; } = TemplateValue.None;

    /// <summary>A list of documents to quote from, or none.</summary>
    public TemplateValue Documents { get; init; } = TemplateValue.None;

    /// <summary>Whether the text ends where the assistant begins to write.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Text of the token that begins a sequence; null leaves <c>bos_token</c> undefined.</summary>
    public string? BosToken { get; init; }

    /// <summary>Text of the token that ends a sequence; null leaves <c>eos_token</c> undefined.</summary>
    public string? EosToken { get; init; }

    /// <summary>Further variables by name (<c>enable_thinking</c>, <c>date_string</c>, …); they win over those above.
    /// </summary>
    public IReadOnlyDictionary<string, TemplateValue> Variables { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, TemplateValue>.Empty;

    /// <summary>The clock of <c>strftime_now</c>; its local time is used.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
