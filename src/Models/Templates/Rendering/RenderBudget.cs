using System.Runtime.CompilerServices;

namespace Minka.Models.Templates.Rendering;

/// <summary>What one rendering may still use. All work whose cost a template chooses is charged here first.</summary>
internal sealed class RenderBudget(TemplateLimits limits)
{
    private const int CharsPerStep = 32;

    private long _steps = limits.StepsMax;
    private long _bytes = limits.BytesMax;

    /// <summary>The limits it counts against.</summary>
    public TemplateLimits Limits => limits;

    /// <summary>One node evaluated or one item visited.</summary>
    public void Step() => Spend(1);

    /// <summary>Work worth <paramref name="steps"/> steps.</summary>
    public void Spend(long steps)
    {
        _steps -= steps;
        if (_steps < 0)
        {
            throw TemplateException.Of(
                $"it used all of its {limits.StepsMax} steps; a loop in it may have no end that a chat reaches.");
        }
    }

    /// <summary>Text of <paramref name="chars"/> characters is read through.</summary>
    public void Scan(long chars)
    {
        if (chars >= CharsPerStep) Spend(chars / CharsPerStep);
    }

    /// <summary>Text of <paramref name="chars"/> characters is about to be made.</summary>
    public void MakeText(long chars)
    {
        if (chars > limits.TextCharsMax)
            throw TemplateException.Of($"it makes a text of {chars} characters; {limits.TextCharsMax} is the limit.");
        Scan(chars);
        Allocate((2 * chars) + 32);
    }

    /// <summary>A text of <paramref name="length"/> characters is about to grow by <paramref name="chars"/>.</summary>
    public void GrowText(long length, long chars)
    {
        if (length + chars > limits.TextCharsMax)
            throw TemplateException.Of($"its text grows past {limits.TextCharsMax} characters, which is the limit.");
        Scan(chars);
        Allocate(2 * chars);
    }

    /// <summary>A list of <paramref name="count"/> items is about to be made.</summary>
    public void MakeItems(long count)
    {
        Spend(count);
        Allocate((32 * count) + 64);
    }

    /// <summary>A mapping of <paramref name="count"/> entries is about to be made.</summary>
    public void MakeEntries(long count)
    {
        Spend(count);
        Allocate((128 * count) + 256);
    }

    /// <summary>Goes one level deeper into nested values.</summary>
    public void Descend()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TemplateException.Of("it nests calls or values deeper than can be followed.");
        Step();
    }

    private void Allocate(long bytes)
    {
        _bytes -= bytes;
        if (_bytes < 0)
            throw TemplateException.Of($"it used all of its {limits.BytesMax >> 20} MiB of memory.");
    }
}
