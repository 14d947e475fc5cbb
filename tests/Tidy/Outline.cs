using System.Text.RegularExpressions;

namespace Minka.Tidy;

/// <summary>A type or method and the lines it takes, from its first line of code to its last.</summary>
internal sealed record Member(string Name, string Header, int FirstLine, int LineCount);

/// <summary>
/// Finds types and methods by their braces. Attributes and comments do not count as a method's lines.
/// </summary>
internal static partial class Outline
{
    /// <summary>Types of a file, nested ones included, with what they derive from in the header.</summary>
    public static IEnumerable<Member> Types(CSharpFile file) =>
        from match in TypeHeader().Matches(file.Code)
        select new Member(match.Groups["name"].Value, match.Value, Line(file.Code, match.Index), 0);

    /// <summary>
    /// Methods, constructors and operators of every type of a file; local functions count in their method.
    /// </summary>
    public static IEnumerable<Member> Methods(CSharpFile file)
    {
        foreach (Match type in TypeHeader().Matches(file.Code))
        {
            var open = type.Index + type.Length - 1;
            if (file.Code[open] != '{' || type.Value.StartsWith("enum", StringComparison.Ordinal)) continue;
            for (var at = open + 1; at < file.Code.Length && NextMember(file.Code, at) is var (start, end); at = end)
                if (AsMethod(file.Code, start, end) is { } method) yield return method;
        }
    }

    /// <summary>The member that begins at or after <paramref name="at"/>; null at the type's closing brace.</summary>
    private static (int Start, int End)? NextMember(string code, int at)
    {
        while (at < code.Length && (char.IsWhiteSpace(code[at]) || code[at] is ';')) at++;
        while (at < code.Length && code[at] == '[')
        {
            at = Closing(code, at) + 1;
            while (at < code.Length && char.IsWhiteSpace(code[at])) at++;
        }
        if (at >= code.Length || code[at] == '}') return null;

        var isExpression = false;
        for (var end = at; end < code.Length; end++)
        {
            if (code[end] is '(' or '[') end = Closing(code, end);
            else if (code[end] == '=' && !IsOperatorName(code, at, end)) isExpression = true;
            else if (code[end] == ';') return (at, end + 1);
            else if (code[end] == '{')
            {
                end = Closing(code, end);
                if (!isExpression && NextSign(code, end + 1) != '=') return (at, end + 1);
            }
        }
        return (at, code.Length);
    }

    private static Member? AsMethod(string code, int start, int end)
    {
        var text = code[start..end];
        var body = text.IndexOfAny(['{', ';']);
        if (body < 0) return null;
        var arrow = text.IndexOf("=>", StringComparison.Ordinal);
        var header = text[..(arrow >= 0 && arrow < body ? arrow : body)];
        var match = MethodName().Match(header);
        if (!match.Success || TypeHeader().IsMatch(text) || EqualsSign().IsMatch(header[..match.Index])) return null;
        var first = Line(code, start);
        return new Member(match.Groups[1].Value, header.Trim(), first, Line(code, end - 1) - first + 1);
    }

    private static int Closing(string code, int open)
    {
        var depth = 0;
        for (var at = open; at < code.Length; at++)
        {
            if (code[at] is '(' or '[' or '{') depth++;
            if (code[at] is ')' or ']' or '}' && --depth == 0) return at;
        }
        return code.Length - 1;
    }

    private static bool IsOperatorName(string code, int start, int at) =>
        code[start..at].TrimEnd(' ', '=', '!', '<', '>').EndsWith("operator", StringComparison.Ordinal);

    private static char NextSign(string code, int at)
    {
        while (at < code.Length && char.IsWhiteSpace(code[at])) at++;
        return at < code.Length ? code[at] : ' ';
    }

    private static int Line(string code, int index) => code.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(
        @"\b(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?)\s+(?<name>[A-Z_]\w*)[^;{}]*[{;]")]
    private static partial Regex TypeHeader();

    [GeneratedRegex(@"([\w~]+)\s*(?:<[^()]*>)?\s*\(")]
    private static partial Regex MethodName();

    [GeneratedRegex(@"(?<!operator\s*)=")]
    private static partial Regex EqualsSign();
}
