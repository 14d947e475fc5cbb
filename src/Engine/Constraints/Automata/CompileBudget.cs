using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Automata;

/// <summary>Counts the work of one compilation, so that none takes long, on whatever machine.</summary>
internal sealed class CompileBudget
{
    // About half a second.
    private long _left = 5_000_000;

    /// <summary>Uses up some of it.</summary>
    /// <exception cref="GrammarException">Nothing is left.</exception>
    public void Spend(long work)
    {
        _left -= work;
        if (_left < 0)
            throw new GrammarException("The constraint is too complex: its repetitions and alternatives multiply. "
                + "Use fewer of them.");
    }
}
