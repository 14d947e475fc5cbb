using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary><c>a + b</c> and the other operators of arithmetic.</summary>
internal sealed class BinaryExpression(int line, string symbol, Expression left, Expression right)
    : Expression(line, left, right)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var a = left.Evaluate(renderer);
        var b = right.Evaluate(renderer);
        renderer.Budget.Step();
        return Arithmetic.Apply(renderer, symbol, a, b);
    }
}

/// <summary><c>-a</c>, <c>+a</c>, <c>not a</c></summary>
internal sealed class UnaryExpression(int line, string symbol, Expression operand) : Expression(line, operand)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var value = operand.Evaluate(renderer);
        renderer.Budget.Step();
        return symbol switch
        {
            "-" => Arithmetic.Negate(value),
            "+" => Arithmetic.Affirm(value),
            _ => BoolValue.Of(!value.IsTrue),
        };
    }
}

/// <summary><c>a and b</c>, <c>a or b</c>: the value that decided.</summary>
internal sealed class LogicalExpression(int line, bool isAnd, Expression left, Expression right)
    : Expression(line, left, right)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        renderer.Budget.Step();
        var value = left.Evaluate(renderer);
        return value.IsTrue == isAnd ? right.Evaluate(renderer) : value;
    }
}

/// <summary><c>a ~ b ~ c</c>: their texts joined.</summary>
internal sealed class ConcatExpression(int line, Expression[] parts) : Expression(line, parts)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        renderer.Budget.Step();
        var text = new TextBuffer(renderer.Budget);
        foreach (var value in ListLiteral.Evaluate(renderer, parts)) value.Print(text);
        return new StringValue(text.ToString());
    }
}

/// <summary><c>a &lt; b == c</c>: every neighbour compares, and each is evaluated once.</summary>
internal sealed class CompareExpression(int line, Expression first, (string Symbol, Expression Operand)[] rest)
    : Expression(line, [first, .. rest.Select(pair => pair.Operand)])
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        var left = first.Evaluate(renderer);
        foreach (var (symbol, operand) in rest)
        {
            renderer.Budget.Step();
            var right = operand.Evaluate(renderer);
            if (!Holds(renderer, symbol, left, right)) return BoolValue.False;
            left = right;
        }

        return BoolValue.True;
    }

    /// <summary>Whether a comparison holds.</summary>
    public static bool Holds(Renderer renderer, string symbol, TemplateValue a, TemplateValue b) => symbol switch
    {
        "==" => Comparison.AreEqual(renderer, a, b),
        "!=" => !Comparison.AreEqual(renderer, a, b),
        "in" => Comparison.Contains(renderer, b, a),
        "not in" => !Comparison.Contains(renderer, b, a),
        "<" => Comparison.Order(renderer, a, b) < 0,
        "<=" => Comparison.Order(renderer, a, b) <= 0,
        ">" => Comparison.Order(renderer, a, b) > 0,
        _ => Comparison.Order(renderer, a, b) >= 0,
    };
}

/// <summary><c>value if test else otherwise</c></summary>
internal sealed class ConditionalExpression(int line, Expression test, Expression value, Expression? otherwise)
    : Expression(line, test, value, otherwise)
{
    /// <inheritdoc/>
    public override TemplateValue Evaluate(Renderer renderer)
    {
        renderer.Budget.Step();
        if (test.Evaluate(renderer).IsTrue) return value.Evaluate(renderer);
        return otherwise?.Evaluate(renderer)
            ?? UndefinedValue.Because($"the condition on line {Line} was false and has no else.");
    }
}
