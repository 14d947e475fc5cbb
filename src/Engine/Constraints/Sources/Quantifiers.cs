using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>What may follow an item in a regular expression or a grammar: <c>* + ? {m} {m,} {m,n}</c>.</summary>
internal static class Quantifiers
{
    public static Expression Apply(TextCursor cursor, Expression item)
    {
        switch (cursor.Next)
        {
            case '*': cursor.Take(); return item.Times(0, Expression.Unbounded);
            case '+': cursor.Take(); return item.Times(1, Expression.Unbounded);
            case '?': cursor.Take(); return item.Optional();
            case '{': return Braces(cursor, item);
            default: return item;
        }
    }

    private static Expression Braces(TextCursor cursor, Expression item)
    {
        cursor.Take();
        var least = cursor.TakeCount();
        var most = least;
        if (cursor.TryTake(",")) most = cursor.Next == '}' ? Expression.Unbounded : cursor.TakeCount();
        if (most < least) throw cursor.Error($"asks for at least {least} and at most {most} repetitions");
        cursor.Expect("}");
        return item.Times(least, most);
    }
}
