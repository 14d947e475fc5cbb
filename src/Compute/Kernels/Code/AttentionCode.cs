namespace Minka.Compute.Kernels.Code;

/// <summary>Writes the functions of attention over pages of halves, for few queries, and of filling pages (AVX-512).
/// </summary>
/// <remarks>
/// The processor widens sixteen halves in one instruction beside the fused multiply-adds; without it, as in C#, that
/// takes three, some of which take a multiply-add's place. Every score and every sum adds in the same order as in C#,
/// so that both give the same bits.
/// </remarks>
internal sealed class AttentionCode
{
    private const int QueriesAtOnce = 4, ChannelsAtOnce = 8;
    private const int Lanes = 16, VectorBytes = 64, FloatBytes = 4, HalfBytes = 2, CacheLine = 64;
    private const int RowBytes = Lanes * HalfBytes;                     // of keys: a channel of a page
    private const int ScoreBytes = KvTile.Keys * FloatBytes;            // of a query
    private const Gpr Call = Gpr.Rdi;

    private static readonly Gpr[] Pages = [Gpr.Rax, Gpr.Rcx, Gpr.Rdx, Gpr.Rsi];

    private readonly Assembler _code = new();
    private readonly int _queries, _headDim;

    private AttentionCode(int queries, int headDim) => (_queries, _headDim) = (queries, headDim);

    private int QueryBytes => _headDim * FloatBytes;

    private int PageBytes => _headDim * RowBytes;

    /// <summary>From a head's page to the next head's: keys and values take turns.</summary>
    private int HeadBytes => 2 * PageBytes;

    private int Passes => (_queries + QueriesAtOnce - 1) / QueriesAtOnce;

    /// <summary>A function of one pointer to a <see cref="ScoresCall"/>.</summary>
    /// <param name="queries">M, of each head: even.</param>
    /// <param name="headDim">C, a multiple of 32.</param>
    /// <param name="pages">How many are multiplied, 2 to 4; scores of those are written.</param>
    public static byte[] Scores(int queries, int headDim, int pages)
    {
        var code = new AttentionCode(queries, headDim);
        code.Scores(pages);
        return code._code.ToArray();
    }

    /// <summary>A function of one pointer to a <see cref="ValuesCall"/>.</summary>
    /// <param name="queries">M, of each head: even.</param>
    /// <param name="headDim">C, a multiple of 32.</param>
    /// <param name="heads">Heads that go side by side, 1 or 2: sums of too few would wait for each other.</param>
    public static byte[] Values(int queries, int headDim, int heads)
    {
        var code = new AttentionCode(queries, headDim);
        code.Values(heads);
        return code._code.ToArray();
    }

    /// <summary>A function that stores floats as halves, all finite: of a pointer to the floats, one to the halves, how
    /// many sixteens there are, at least one, and a pointer to the largest half and the least, as floats.</summary>
    public static byte[] Halves()
    {
        const Gpr Floats = Gpr.Rdi, Halves = Gpr.Rsi, Left = Gpr.Rdx, Bounds = Gpr.Rcx;
        const int Value = 0, Largest = 1, Least = 2;
        var code = new Assembler();
        code.Broadcast(Largest, Bounds, 0);
        code.Broadcast(Least, Bounds, FloatBytes);
        var start = code.Position;
        code.Load(Value, Floats, 0);
        code.Min(Value, Value, Largest);
        code.Max(Value, Value, Least);
        code.StoreHalves(Halves, 0, Value);
        code.Add(Floats, VectorBytes);
        code.Add(Halves, Lanes * HalfBytes);
        code.Decrement(Left);
        code.JumpIfNotZero(start);
        code.Return();
        return code.ToArray();
    }

    /// <summary>Registers of a value that are read side by side.</summary>
    public static int VectorsAtOnce(int headDim) => headDim % (4 * Lanes) == 0 ? 4 : 2;

    // Registers: a channel of each page, four queries' channel, then sums.
    private void Scores(int pages)
    {
        const Gpr Queries = Gpr.R8, Target = Gpr.R11;
        for (var page = 0; page < pages; page++)
            _code.Load(Pages[page], Call, ScoresCall.KeysAt + (page * PerPage.Word));
        _code.Load(Queries, Call, ScoresCall.QueriesAt);
        _code.Load(Target, Call, ScoresCall.ScoresAt);
        var head = _code.Position;
        for (var pass = 0; pass < Passes; pass++)
        {
            ScoresOf(pass * QueriesAtOnce, pages, Queries, Target);
            var isLast = pass == Passes - 1;
            for (var page = 0; page < pages; page++)
                _code.Add(Pages[page], isLast ? HeadBytes - PageBytes : -PageBytes);
            _code.Add(Queries, isLast ? (_queries - 1) * QueryBytes : -QueryBytes);
        }
        _code.Add(Target, _queries * ScoreBytes);
        for (var page = 0; page < pages; page++)
            _code.AddTo(Call, ScoresCall.NextAt + (page * PerPage.Word), HeadBytes - PageBytes);
        _code.Decrement(Call, ScoresCall.HeadsAt);
        _code.JumpIfNotZero(head);
        _code.Return();
    }

    private void ScoresOf(int first, int pages, Gpr queries, Gpr target)
    {
        const int Query = KvTile.Pages, Sums = Query + QueriesAtOnce;
        const Gpr Left = Gpr.R10;
        var count = Math.Min(QueriesAtOnce, _queries - first);
        for (var sum = 0; sum < count * pages; sum++) _code.Clear(Sums + sum);
        _code.Set(Left, _headDim / ChannelsAtOnce);

        var start = _code.Position;
        if (first == 0) PrefetchKeys(pages);
        for (var channel = 0; channel < ChannelsAtOnce; channel++)
        {
            for (var page = 0; page < pages; page++)
                _code.LoadHalves(page, new Place(Pages[page], channel * RowBytes));
            for (var q = 0; q < count; q++)
            {
                _code.Broadcast(Query + q, queries, ((first + q) * QueryBytes) + (channel * FloatBytes));
                for (var page = 0; page < pages; page++)
                    _code.MultiplyAdd(Sums + (q * pages) + page, Query + q, page);
            }
        }
        for (var page = 0; page < pages; page++) _code.Add(Pages[page], ChannelsAtOnce * RowBytes);
        _code.Add(queries, ChannelsAtOnce * FloatBytes);
        _code.Decrement(Left);
        _code.JumpIfNotZero(start);

        for (var q = 0; q < count; q++)
            for (var page = 0; page < pages; page++)
                _code.Store(target, ((first + q) * ScoreBytes) + (page * VectorBytes), Sums + (q * pages) + page);
    }

    private void PrefetchKeys(int pages)
    {
        const Gpr Ahead = Gpr.R9;
        const int Bytes = ChannelsAtOnce * RowBytes;
        for (var page = 0; page < pages; page++)
        {
            var next = ScoresCall.NextAt + (page * PerPage.Word);
            _code.Load(Ahead, Call, next);
            for (var at = 0; at < Bytes; at += CacheLine) _code.PrefetchFar(Ahead, at);
            _code.AddTo(Call, next, Bytes);
        }
    }

    private void Values(int heads)
    {
        var vectors = VectorsAtOnce(_headDim);
        var head = _code.Position;
        for (var pass = 0; pass < Passes; pass++)
            for (var channel = 0; channel < _headDim; channel += vectors * Lanes)
                new Panel(this, heads, pass * QueriesAtOnce, channel, vectors).Write();
        _code.AddTo(Call, ValuesCall.HeadOffsetAt, heads * HeadBytes);
        _code.AddTo(Call, ValuesCall.WeightsAt, heads * _queries * ScoreBytes);
        _code.AddTo(Call, ValuesCall.SumsAt, heads * _queries * QueryBytes);
        _code.AddTo(Call, ValuesCall.RescalesAt, heads * _queries * FloatBytes);
        _code.Decrement(Call, ValuesCall.HeadsAt);
        _code.JumpIfNotZero(head);
        _code.Return();
    }

    /// <summary>Some channels of some queries: their sums stay in registers over all pages.</summary>
    private readonly struct Panel(AttentionCode owner, int heads, int first, int channel, int vectors)
    {
        // Registers: vectors of each head's value, weights, then sums.
        private const int Weight = 4, Sums = 12;
        private const Gpr Row = Gpr.Rax, Left = Gpr.Rcx, Weights = Gpr.Rdx, Page = Gpr.Rsi, Target = Gpr.R8;
        private const Gpr PagesLeft = Gpr.R9, Rescales = Gpr.R10, Ahead = Gpr.R11;

        private readonly Assembler _code = owner._code;
        private readonly int _count = Math.Min(QueriesAtOnce, owner._queries - first);

        public void Write()
        {
            Begin();
            var page = _code.Position;
            _code.Load(Row, Page, ValuesCall.ValuesAt);
            _code.Add(Row, Call, ValuesCall.HeadOffsetAt);
            _code.Load(Ahead, Page, ValuesCall.NextAt);
            _code.Add(Ahead, Call, ValuesCall.HeadOffsetAt);
            _code.Load(Left, Page, ValuesCall.CountsAt);

            var row = _code.Position;
            AddRow();
            _code.Add(Row, owner._headDim * HalfBytes);
            _code.Add(Ahead, owner._headDim * HalfBytes);
            _code.Add(Weights, FloatBytes);
            _code.Decrement(Left);
            _code.JumpIfNotZero(row);

            _code.Add(Page, PerPage.Word);
            _code.Decrement(PagesLeft);
            _code.JumpIfNotZero(page);
            End();
        }

        private void Begin()
        {
            _code.Load(Target, Call, ValuesCall.SumsAt);
            _code.Load(Rescales, Call, ValuesCall.RescalesAt);
            for (var q = 0; q < heads * _count; q++)
            {
                _code.Broadcast(Weight, Rescales, QueryOf(q) * FloatBytes);
                for (var v = 0; v < vectors; v++) _code.Multiply(SumOf(q, v), Weight, new Place(Target, PlaceOf(q, v)));
            }
            _code.Load(Weights, Call, ValuesCall.WeightsAt);
            _code.Load(PagesLeft, Call, ValuesCall.PagesAt);
            _code.Set(Page, Call);
        }

        private void AddRow()
        {
            for (var head = 0; head < heads; head++)
            {
                var at = (head * owner.HeadBytes) + (channel * HalfBytes);
                for (var v = 0; v < vectors; v++)
                    _code.LoadHalves((head * vectors) + v, new Place(Row, at + (v * Lanes * HalfBytes)));
                for (var line = 0; first == 0 && line < vectors * Lanes * HalfBytes; line += CacheLine)
                    _code.PrefetchFar(Ahead, at + line);
            }
            for (var q = 0; q < heads * _count; q++)
            {
                _code.Broadcast(Weight + q, Weights, QueryOf(q) * ScoreBytes);
                for (var v = 0; v < vectors; v++)
                    _code.MultiplyAdd(SumOf(q, v), Weight + q, (q / _count * vectors) + v);
            }
        }

        private void End()
        {
            for (var q = 0; q < heads * _count; q++)
                for (var v = 0; v < vectors; v++) _code.Store(Target, PlaceOf(q, v), SumOf(q, v));
        }

        // The panel's queries of all its heads, counted through.
        private int QueryOf(int q) => (q / _count * owner._queries) + first + (q % _count);

        private int SumOf(int q, int vector) => Sums + (q * vectors) + vector;

        private int PlaceOf(int q, int vector) =>
            (QueryOf(q) * owner.QueryBytes) + (((vector * Lanes) + channel) * FloatBytes);
    }
}
