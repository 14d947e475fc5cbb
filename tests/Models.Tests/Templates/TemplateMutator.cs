using System.Text.RegularExpressions;

namespace Minka.Models.Tests.Templates;

/// <summary>Damages templates by their words: takes some away, doubles, swaps, or puts in others.</summary>
internal sealed partial class TemplateMutator(int seed)
{
    private const int EditsMax = 5;

    private static readonly string[] _words =
    [
        "|", "is", "not", "and", "or", "in", "-", "+", "~", "*", "//", "%", "**", "==", "<", "if", "else", "for",
        "set", "loop", "loop.index", "loop.previtem", "[::-1]", "[1:]", "[-1]", "[0]", "none", "true", "1", "0",
        "-1", "1e308", "99999", "10**9", "''", "'a'", "'\\ud800'", "|length", "|tojson", "|trim", "|list", "|first",
        "|last", "|sort", "|join(',')", "|upper", "is defined", "is string", "is mapping", "|default('x')",
        ".get('role')", "|reverse", "(", ")", "[", "]", "{", "}", "{%", "%}", "{{", "}}", "-%}", "{%-", "\n",
        "namespace()", "|map(attribute='role')", "|selectattr('role')", "|string", "|int", "range(3)", "messages",
        "message", "|items", "|dictsort", ".items()", ".keys()", "caller()", "{#", "#}", "{% raw %}",
        "{% endraw %}", "{% endfor %}", "{% endif %}", "{% break %}", "|batch(2)", "|slice(3)", "|groupby('role')",
        "|unique", "|sum", "|min", "|round(2)", "'%s'|format(", ".split()", ".format(1)", ".replace('', 'x')", "*",
        "**", "=", ",", ":", ".", "recursive", "|indent(4, true)", "|e", "|safe", "{% macro f(x) %}",
        "{% endmacro %}", "{% call f() %}", "{% endcall %}", "{% filter upper %}", "f(", "messages * 99",
    ];

    private readonly Random _random = new(seed);

    /// <summary>A damaged template of those given.</summary>
    public string Mutate(IReadOnlyList<string> templates)
    {
        var words = Words(templates[_random.Next(templates.Count)]);
        var other = Words(templates[_random.Next(templates.Count)]);
        for (var edits = _random.Next(1, EditsMax + 1); edits > 0 && words.Count > 0; edits--) Edit(words, other);
        return string.Concat(words);
    }

    private static List<string> Words(string template) => [.. Word().Matches(template).Select(match => match.Value)];

    private void Edit(List<string> words, List<string> other)
    {
        var at = _random.Next(words.Count);
        var count = Math.Min(_random.Next(1, 6), words.Count - at);
        switch (_random.Next(6))
        {
            case 0: words.RemoveRange(at, count); break;
            case 1: words.InsertRange(at, words.GetRange(at, count)); break;
            case 2: words[at] = _words[_random.Next(_words.Length)]; break;
            case 3: words.Insert(at, _words[_random.Next(_words.Length)]); break;
            case 4 when other.Count > 0: words.Insert(at, other[_random.Next(other.Count)]); break;
            default:
                var with = _random.Next(words.Count);
                (words[at], words[with]) = (words[with], words[at]);
                break;
        }
    }

    [GeneratedRegex(@"\{\{-?|-?\}\}|\{%-?|-?%\}|\{#|#\}|'[^'\n]*'|""[^""\n]*""|\w+|\s+|.", RegexOptions.Singleline)]
    private static partial Regex Word();
}
