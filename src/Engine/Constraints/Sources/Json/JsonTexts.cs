using System.Text;
using Minka.Engine.Constraints.Grammars;
using Minka.Models.Templates;

namespace Minka.Engine.Constraints.Sources.Json;

/// <summary>The texts that JSON is made of: white space, strings, numbers, and values of any kind.</summary>
/// <remarks>
/// Bounded where a model could fill its context without saying anything: white space to a line break and 20 spaces,
/// numbers to 15 digits, values of any kind to 12 levels.
/// </remarks>
internal sealed class JsonTexts
{
    private const int AnyLevels = 12;

    private static readonly CodePoints Escaped = CodePoints.Of((0, 0x1F), ('"', '"'), ('\\', '\\'));
    private static readonly Expression Digit = new Expression.OneOf(CodePoints.Of(('0', '9')));

    private readonly Rule _space = new("white space"), _string = new("string"), _character = new("character");
    private readonly Rule[] _any = new Rule[AnyLevels + 1], _anyObject = new Rule[AnyLevels + 1];

    public JsonTexts()
    {
        _space.Body = Expression.Any(
            Expression.Empty, Expression.Text(" "),
            Expression.Then(Expression.Text("\n"), Expression.Text(" ").Times(0, 20)));
        _character.Body = Expression.Any(new Expression.OneOf(CodePoints.All.Except(Escaped)), Escape);
        // Not by calls, since nearly every token continues a string: the faster its mask is found, the better.
        _string.Body = Quoted(_character.Body.Times(0, Expression.Unbounded));

        for (var level = 0; level <= AnyLevels; level++) AddAny(level);
    }

    /// <summary>Nothing, a space, or a new line and its indentation.</summary>
    public Expression Space => _space.Call();

    /// <summary>Any string.</summary>
    public Expression String => _string.Call();

    /// <summary>One character of a string, escaped or not.</summary>
    public Expression Character => _character.Call();

    /// <summary>Any value.</summary>
    public Expression Any => _any[AnyLevels].Call();

    /// <summary>Any object.</summary>
    public Expression AnyObject => _anyObject[AnyLevels].Call();

    public static Expression Integer { get; } = Expression.Then(
        Expression.Text("-").Optional(),
        Expression.Any(
            Expression.Text("0"),
            Expression.Then(new Expression.OneOf(CodePoints.Of(('1', '9'))), Digit.Times(0, 14))));

    public static Expression Number { get; } = Expression.Then(
        Integer,
        Expression.Then(Expression.Text("."), Digit.Times(1, 15)).Optional(),
        Expression.Then(
            new Expression.OneOf(CodePoints.Of('e', 'E')), new Expression.OneOf(CodePoints.Of('+', '-')).Optional(),
            Digit.Times(1, 2)).Optional());

    public static Expression Boolean { get; } = Expression.Any(Expression.Text("true"), Expression.Text("false"));

    public static Expression Null { get; } = Expression.Text("null");

    /// <summary>A character of a set, as a string holds it: escaped where it must be, and only there.</summary>
    public static Expression OneOf(CodePoints set)
    {
        List<Expression> ways = [new Expression.OneOf(set.Except(Escaped))];
        foreach (var (first, last) in set.And(Escaped).Ranges)
            for (var codePoint = first; codePoint <= last; codePoint++)
                ways.Add(Expression.Text(JsonEscape.Of((char)codePoint)));
        return new Expression.Either(ways);
    }

    /// <summary>A text as a string holds it.</summary>
    public static Expression Literal(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            if (letter < ' ' || letter is '"' or '\\') quoted.Append(JsonEscape.Of(letter));
            else quoted.Append(letter);
        }
        return Expression.Text(quoted.Append('"').ToString());
    }

    public static Expression Quoted(Expression characters) =>
        Expression.Then(Expression.Text("\""), characters, Expression.Text("\""));

    /// <summary>A string without escapes that is none of certain names.</summary>
    public static Expression NameExcept(IEnumerable<string> names)
    {
        var plain = CodePoints.All.Except(Escaped);
        return Quoted(Rest([.. names], 0));

        Expression Rest(string[] left, int depth)
        {
            if (left.Length == 0) return new Expression.OneOf(plain).Times(0, Expression.Unbounded);
            List<Expression> ways = [];
            if (!left.Any(name => name.Length == depth)) ways.Add(Expression.Empty);
            var others = plain;
            foreach (var group in left.Where(name => name.Length > depth).GroupBy(name => Rune.GetRuneAt(name, depth)))
            {
                var next = CodePoints.Of((group.Key.Value, group.Key.Value));
                if (plain.And(next).IsEmpty) continue;
                others = others.Except(next);
                ways.Add(Expression.Then(
                    new Expression.OneOf(next), Rest([.. group], depth + group.Key.Utf16SequenceLength)));
            }
            ways.Add(Expression.Then(new Expression.OneOf(others), Rest([], depth)));
            return new Expression.Either(ways);
        }
    }

    private static Expression Escape
    {
        get
        {
            var hex = new Expression.OneOf(CodePoints.Of(('0', '9'), ('A', 'F'), ('a', 'f')));
            var notD = new Expression.OneOf(CodePoints.Of(('0', '9'), ('A', 'C'), ('E', 'F'), ('a', 'c'), ('e', 'f')));
            var d = new Expression.OneOf(CodePoints.Of('d', 'D'));
            var low = new Expression.OneOf(CodePoints.Of(('0', '7')));
            var highHalf = new Expression.OneOf(CodePoints.Of('8', '9', 'a', 'b', 'A', 'B'));
            var lowHalf = new Expression.OneOf(CodePoints.Of(('c', 'f'), ('C', 'F')));
            // Half a surrogate pair is no character, so halves come in pairs.
            var unicode = Expression.Any(
                Expression.Then(notD, hex.Times(3, 3)),
                Expression.Then(d, low, hex.Times(2, 2)),
                Expression.Then(d, highHalf, hex.Times(2, 2), Expression.Text("\\u"), d, lowHalf, hex.Times(2, 2)));
            return Expression.Then(
                Expression.Text("\\"),
                Expression.Any(
                    new Expression.OneOf(CodePoints.Of('"', '\\', '/', 'b', 'f', 'n', 'r', 't')),
                    Expression.Then(Expression.Text("u"), unicode)));
        }
    }

    private void AddAny(int level)
    {
        _anyObject[level] = new($"object of {level} levels");
        _any[level] = new($"value of {level} levels");
        List<Expression> ways = [String, Number, Boolean, Null];
        if (level > 0)
        {
            var value = _any[level - 1].Call();
            ways.Add(_anyObject[level].Call());
            ways.Add(Listed("[", value, "]"));
            _anyObject[level].Body =
                Listed("{", Expression.Then(String, Space, Expression.Text(":"), Space, value), "}");
        }
        _any[level].Body = new Expression.Either(ways);
    }

    /// <summary>Any number of items between two brackets.</summary>
    private Expression Listed(string open, Expression item, string close)
    {
        var more = Expression.Then(Space, Expression.Text(","), Space, item).Times(0, Expression.Unbounded);
        return Expression.Then(
            Expression.Text(open), Space, Expression.Then(item, more, Space).Optional(), Expression.Text(close));
    }
}
