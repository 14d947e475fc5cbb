using System.Collections.Frozen;
using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Nodes;
using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Syntax;

namespace Minka.Models.Templates;

/// <summary>
/// A model's own chat template: Jinja, read once, rendered as transformers does it (immutable sandbox, trim_blocks,
/// lstrip_blocks, loop controls, no autoescape). It is safe to render from several threads, and a hostile template ends
/// with a <see cref="TemplateException"/> in bounded time and memory.
/// </summary>
public sealed class ChatTemplate
{
    private readonly Block _body;
    private readonly TemplateSymbols _symbols;
    private readonly TemplateLimits _limits;
    private readonly TemplateValue?[] _functions;

    private ChatTemplate(string source, TemplateLimits limits)
    {
        _symbols = new TemplateSymbols();
        _body = StatementParser.Parse(source, _symbols);
        _limits = limits;
        _functions = new TemplateValue?[_symbols.Ids.Count];
        foreach (var (name, id) in _symbols.Ids) _functions[id] = Functions.Find(name);
        Source = source;
        Variables = _symbols.Free.Where(name => Functions.Find(name) is null).ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>The template as it was given.</summary>
    public string Source { get; }

    /// <summary>Variables that it reads and does not set before: what a caller can give it.</summary>
    public IReadOnlySet<string> Variables { get; }

    /// <summary>It renders tools.</summary>
    public bool MentionsTools => Variables.Contains("tools");

    /// <summary>It can be told to think or not.</summary>
    public bool MentionsThinking => Variables.Contains("enable_thinking");

    /// <summary>Reads a template.</summary>
    /// <exception cref="TemplateException">It is not well formed, or longer than a million characters.</exception>
    public static ChatTemplate Parse(string source) => Parse(source, TemplateLimits.Default);

    /// <summary>Whether a name occurs as a variable, an attribute or a whole string: <c>reasoning_content</c>,
    /// <c>tool_calls</c>, …</summary>
    public bool Mentions(string name) => _symbols.Mentioned.Contains(name);

    /// <summary>The text of a conversation.</summary>
    /// <exception cref="TemplateException">The template failed, or refused the conversation (then
    /// <see cref="TemplateException.IsRaised"/>).</exception>
    public string Render(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var renderer = new Renderer(_limits, input.Time, _functions);
        Set(renderer, "messages", input.Messages);
        Set(renderer, "tools", input.Tools);
        Set(renderer, "documents", input.Documents);
        Set(renderer, "add_generation_prompt", TemplateValue.From(input.AddGenerationPrompt));
        if (input.BosToken is not null) Set(renderer, "bos_token", TemplateValue.From(input.BosToken));
        if (input.EosToken is not null) Set(renderer, "eos_token", TemplateValue.From(input.EosToken));
        foreach (var (name, value) in input.Variables) Set(renderer, name, value);
        try
        {
            return renderer.Capture(renderer.Scope, _body);
        }
        catch (TemplateException fault)
        {
            throw fault.Locate(renderer.Line);
        }
    }

    /// <summary>Reads a template that may use only so much; for tests.</summary>
    internal static ChatTemplate Parse(string source, TemplateLimits limits)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length > limits.SourceCharsMax)
        {
            throw TemplateException.Of(
                $"The template has {source.Length} characters; {limits.SourceCharsMax} is the limit.");
        }

        return new ChatTemplate(source, limits);
    }

    private void Set(Renderer renderer, string name, TemplateValue value)
    {
        if (_symbols.Ids.TryGetValue(name, out var id)) renderer.Scope.Set(id, value);
    }
}
