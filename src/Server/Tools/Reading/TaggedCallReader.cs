using System.Text;
using System.Text.Json;
using Minka.Server.Generating;

namespace Minka.Server.Tools.Reading;

/// <summary>Where a call with tags stands.</summary>
internal enum TagPlace
{
    Before,
    Name,
    Between,
    Key,
    BeforeValue,
    Value,
    End,
}

/// <summary>A tag, where it may stand, and what follows it.</summary>
internal readonly record struct Tag(TagPlace At, string Text, TagPlace Next);

/// <summary>A call whose arguments stand between tags, keys and values each: texts raw, other values as
/// JSON.</summary>
/// <param name="tags">The tags of the format.</param>
/// <param name="start">Where it begins.</param>
internal sealed class TaggedCallReader(IReadOnlyList<Tag> tags, TagPlace start) : CallReader
{
    private readonly StringBuilder _text = new();
    private TagPlace _place = start;
    private ToolDefinition? _tool;
    private string _key = "";
    private int _arguments;

    public override Progress Take(char unit, AnswerParts parts)
    {
        _text.Append(unit);
        foreach (var tag in tags)
        {
            if (tag.At != _place || !EndsWith(tag.Text)) continue;
            var text = _text.ToString(0, _text.Length - tag.Text.Length);
            _text.Clear();
            if (!Leave(text, parts)) return Progress.Broken;
            _place = tag.Next;
            if (_place != TagPlace.End) return Progress.More;
            if (!parts.IsInCall) return Progress.Broken;
            parts.Arguments(_arguments == 0 ? "{}" : "}");
            parts.End();
            return Progress.Done;
        }
        return Progress.More;
    }

    /// <summary>Uses the text before a tag.</summary>
    private bool Leave(string text, AnswerParts parts)
    {
        switch (_place)
        {
            case TagPlace.Name:
                _tool = parts.Find(text.Trim());
                return _tool is not null && parts.TryBegin(_tool.Name);
            case TagPlace.Key:
                _key = text.Trim();
                return _tool is not null && _key.Length > 0;
            case TagPlace.Value:
                parts.Arguments(_arguments++ == 0 ? "{" : ", ");
                parts.Arguments($"{JsonText.Quote(_key)}: {Value(text)}");
                return true;
            default:
                return string.IsNullOrWhiteSpace(text);
        }
    }

    /// <summary>A value as JSON: what the schema calls a text is one, anything else if it cannot be read.</summary>
    private string Value(string text)
    {
        if (text is ['\n', .., '\n']) text = text[1..^1]; // Qwen3-Coder gives values lines of their own
        var isText = _tool!.IsText(_key);
        if (!isText && JsonText.TryKind(text, out var kind) && kind != JsonValueKind.Undefined) return text.Trim();
        return JsonText.Quote(text);
    }

    private bool EndsWith(string tag)
    {
        if (_text.Length < tag.Length) return false;
        for (var i = 1; i <= tag.Length; i++)
            if (_text[^i] != tag[^i]) return false;
        return true;
    }
}
