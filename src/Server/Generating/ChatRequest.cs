using System.Text.Json;
using Minka.Models.Templates;

namespace Minka.Server.Generating;

/// <summary>A conversation to go on with; what every dialect with messages translates its request to.</summary>
internal sealed record ChatRequest
{
    /// <summary>At least one.</summary>
    public required IReadOnlyList<ChatTurn> Messages { get; init; }

    /// <summary>The field that holds them, for who is told that they are too long.</summary>
    public string Field { get; init; } = "messages";

    /// <summary>What the model may call.</summary>
    public IReadOnlyList<ToolDefinition> Tools { get; init; } = [];

    /// <summary>Whether it may, must, or which.</summary>
    public ToolChoice ToolChoice { get; init; } = ToolChoice.Auto;

    /// <summary>It may call several at once.</summary>
    public bool ParallelCalls { get; init; } = true;

    /// <summary>Further variables of the template, <c>enable_thinking</c> and the like.</summary>
    public IReadOnlyDictionary<string, TemplateValue> Variables { get; init; } =
        System.Collections.Immutable.ImmutableDictionary<string, TemplateValue>.Empty;

    /// <summary>The prompt ends where the assistant begins to write.</summary>
    public bool AddsGenerationPrompt { get; init; } = true;

    /// <summary>The last message is the beginning of the answer.</summary>
    public bool ContinuesLast { get; init; }

    /// <summary>How it is answered.</summary>
    public TextOptions Options { get; init; } = new();

    /// <summary>Tools are described and may be called.</summary>
    public bool UsesTools => Tools.Count > 0 && ToolChoice.Kind != ToolChoiceKind.None;
}

/// <summary>One message.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Content">Its text; null for an assistant's turn that only calls tools.</param>
internal sealed record ChatTurn(string Role, string? Content)
{
    /// <summary>What the assistant thought; null for nothing.</summary>
    public string? Reasoning { get; init; }

    /// <summary>What the assistant called.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>Of a tool's turn: the call that it answers; null where the client does not say.</summary>
    public string? CallId { get; init; }

    /// <summary>Who speaks, or which tool; null for no name.</summary>
    public string? Name { get; init; }
}

/// <summary>A call in a message.</summary>
/// <param name="Id">What its result names.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">JSON text, an object.</param>
internal sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>A tool.</summary>
/// <param name="Name">Letters, digits, _ and -, at most 64.</param>
/// <param name="Description">For the model; null for none.</param>
/// <param name="Parameters">A JSON schema of an object; of kind Undefined for no parameters.</param>
/// <param name="IsStrict">The arguments must follow the schema, also where calls are free.</param>
internal sealed record ToolDefinition(string Name, string? Description, JsonElement Parameters, bool IsStrict = false);

/// <summary>Whether tools are called.</summary>
/// <param name="Kind">May, must, must not, or one of them.</param>
/// <param name="Name">Which one; empty unless named.</param>
internal readonly record struct ToolChoice(ToolChoiceKind Kind, string Name = "")
{
    /// <summary>As the model likes.</summary>
    public static readonly ToolChoice Auto = new(ToolChoiceKind.Auto);

    /// <summary>No call.</summary>
    public static readonly ToolChoice None = new(ToolChoiceKind.None);

    /// <summary>At least one call.</summary>
    public static readonly ToolChoice Required = new(ToolChoiceKind.Required);

    /// <summary>A call of this one.</summary>
    public static ToolChoice Named(string name) => new(ToolChoiceKind.Named, name);
}

/// <summary>Kinds of <see cref="ToolChoice"/>.</summary>
internal enum ToolChoiceKind
{
    /// <summary>As the model likes.</summary>
    Auto,

    /// <summary>No call.</summary>
    None,

    /// <summary>At least one call.</summary>
    Required,

    /// <summary>A call of one of them.</summary>
    Named,
}
