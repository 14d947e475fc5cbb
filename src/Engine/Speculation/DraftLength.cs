namespace Minka.Engine.Speculation;

/// <summary>How many tokens of one sequence are worth a guess now.</summary>
/// <remarks>
/// Guesses that are all right make the next ones longer; a wrong one cuts them to what was right and one more, or to
/// half if that is more: one changed word of a copy says little about the next. When nothing is right, the next ones
/// are a quarter as long, and guessing rests, twice as long each time: text that cannot be guessed costs next to
/// nothing.
/// </remarks>
internal sealed class DraftLength
{
    private const int RestMax = 64, StartLength = 4, LengthMax = 64;

    private int _length = StartLength, _rest, _nextRest = 1;

    /// <summary>Tokens to guess in this step, at most <paramref name="most"/>; asked once per step.</summary>
    public int Next(int most)
    {
        if (_rest > 0)
        {
            _rest--;
            return 0;
        }
        return Math.Min(_length, most);
    }

    /// <summary>Learns how many of the guesses were right.</summary>
    public void Learn(int drafted, int accepted)
    {
        if (accepted == drafted) _length = Math.Max(_length, Math.Min(2 * drafted, LengthMax));
        else if (accepted > 0) _length = Math.Max(accepted + 1, drafted / 2);
        else _length = Math.Max(1, drafted / 4);
        if (accepted > 0) _nextRest = 1;
        else
        {
            _rest = _nextRest;
            _nextRest = Math.Min(2 * _nextRest, RestMax);
        }
    }
}
