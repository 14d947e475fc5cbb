using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>Reads tagged parts, with free text around them or without.</summary>
internal static class TaggedReader
{
    private const int PartsMax = 256, TimesMax = 1024, TriggersMax = 16, TriggerMax = 64;

    /// <param name="source">What <see cref="TaggedText"/> made of itself.</param>
    /// <param name="read">Reads what stands between two tags.</param>
    public static Rule Read(string source, Func<Constraint, Rule> read)
    {
        var tagged = TaggedText.Parse(source) ?? throw new GrammarException("The tagged text is not whole.");
        Check(tagged);
        List<Expression> ways = [];
        foreach (var part in tagged.Parts)
        {
            if (part.Content.Kind == ConstraintKind.Tagged)
                throw new GrammarException($"The part that begins with '{part.Begin}' holds tagged parts itself.");
            ways.Add(Expression.Then(
                Expression.Text(part.Begin), read(part.Content).Call(), Expression.Text(part.End)));
        }
        // A rule of its own, since it may be repeated many times.
        var one = new Rule("tagged part") { Body = new Expression.Either(ways) }.Call();
        return new("tagged text") { Body = tagged.Triggers.Count > 0 ? Within(tagged, ways) : Alone(tagged, one) };
    }

    /// <summary>Free text, and parts in it.</summary>
    private static Expression Within(TaggedText tagged, List<Expression> ways)
    {
        // By value and not by calls: a tag and the text before it are told apart byte by byte, in one automaton.
        var text = new Expression.Without(tagged.Triggers);
        var part = Expression.Then(new Expression.Either(ways), text);
        return Expression.Then(text, part.Times(tagged.Least, tagged.Most));
    }

    private static Expression Alone(TaggedText tagged, Expression part)
    {
        if (tagged.Most == 0) return Expression.Empty;
        var more = Expression.Then(Expression.Text(tagged.Separator), part)
            .Times(Math.Max(0, tagged.Least - 1), tagged.Most == Expression.Unbounded ? tagged.Most : tagged.Most - 1);
        var all = Expression.Then(part, more);
        return tagged.Least == 0 ? all.Optional() : all;
    }

    private static void Check(TaggedText tagged)
    {
        if (tagged.Parts.Count is 0 or > PartsMax)
            throw new GrammarException($"There are {tagged.Parts.Count} tagged parts; 1 to {PartsMax} can be.");
        if (tagged.Least > tagged.Most || tagged.Least > TimesMax
            || tagged.Most is > TimesMax and not Expression.Unbounded)
            throw new GrammarException($"At least {tagged.Least} and at most {tagged.Most} tagged parts are asked "
                + $"for; both can be {TimesMax}, or the latter without a limit.");
        if (tagged.Triggers.Count > TriggersMax)
            throw new GrammarException($"There are {tagged.Triggers.Count} triggers; {TriggersMax} can be.");
        foreach (var trigger in tagged.Triggers)
            if (trigger.Length is 0 or > TriggerMax)
                throw new GrammarException($"A trigger has {trigger.Length} characters; 1 to {TriggerMax} can be.");
        if (tagged.Triggers.Count == 0) return;
        foreach (var part in tagged.Parts)
            if (!tagged.Triggers.Any(trigger => part.Begin.StartsWith(trigger, StringComparison.Ordinal)))
                throw new GrammarException($"A part begins with '{part.Begin}', and no trigger does; where should "
                    + "free text end?");
    }
}
