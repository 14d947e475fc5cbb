namespace Minka.Compute;

/// <summary>The operations a decoder is written in. One implementation per kind of device.</summary>
/// <remarks>
/// Every operation writes its first argument; arguments never overlap unless an operation says "in place".
/// One caller at a time. Letters: T tokens of the step, D model width, H query heads, K key-value heads, C head
/// width, F feed-forward width. Results do not depend on the number of threads or on what else is in the step:
/// row t of a result depends only on row t of the inputs, bit by bit.
/// </remarks>
public interface IBackend : IDisposable
{
    /// <summary>What this device is, for people: CPU model, instruction tier, threads.</summary>
    string Description { get; }

    // ---- Memory -----------------------------------------------------------------------------------------------

    /// <summary>Activations. Allocated at start, never per step; zeroed.</summary>
    TensorStorage Allocate(int rows, int columns);

    /// <summary>One small row of weights (a norm, a bias) as floats: <c>[1, Columns]</c>.</summary>
    Tensor LoadVector(IWeightSource source);

    /// <summary>Reads weights and packs them for this device, rows of all parts one below the other.</summary>
    /// <param name="parts">Equal Columns; types may differ from part to part.</param>
    /// <param name="type">Format to hold them in; null keeps each part's own.</param>
    /// <param name="progress">
    /// Told the source bytes read since the last call; may be called from several threads.
    /// </param>
    Matrix Pack(IReadOnlyList<IWeightSource> parts, DType? type = null, Action<long>? progress = null);

    /// <summary>One layer of KV cache.</summary>
    KvLayer AllocateKv(KvShape shape);

    /// <summary>
    /// The rows of a tensor, for the host to read or fill; rows lie <c>Storage.Columns</c> floats apart.
    /// </summary>
    Span<float> Host(Tensor tensor);

    // ---- Cores ------------------------------------------------------------------------------------------------

    /// <summary>
    /// The cores of this device as devices of their own, which work on all that it packed and allocated; none where
    /// each of them reading so many bytes of weights in a step is sure to take longer than sharing them.
    /// </summary>
    IReadOnlyList<IBackend> Cores(long weightBytes);

    /// <summary>Runs every core's part of a job, at the same time, and returns when all are done.</summary>
    /// <remarks>Parts must not wait for each other: a core that is done may take the part of one that has not begun.
    /// The first exception of a part reaches the caller after all have stopped.</remarks>
    void OnCores<TJob>(TJob job)
        where TJob : struct, ICoreJob, allows ref struct;

    // ---- Operations -------------------------------------------------------------------------------------------

    /// <summary>Row t of <paramref name="y"/> is row <c>tokens[t]</c> of the table, as floats: <c>[T, D]</c>.</summary>
    void Embed(Tensor y, Matrix table, ReadOnlySpan<int> tokens);

    /// <summary><c>y = x wᵀ</c>: <c>[T, out] = [T, in] · [out, in]ᵀ</c>.</summary>
    void MatMul(Tensor y, Tensor x, Matrix w);

    /// <summary>Several products at once: the first <c>counts[0]</c> rows with the first matrix, and so on.</summary>
    /// <param name="y"><c>[T, out]</c>.</param>
    /// <param name="x"><c>[T, in]</c>.</param>
    /// <param name="w">Each <c>[out, in]</c>.</param>
    /// <param name="counts">Rows of each matrix, 0 or more; together T.</param>
    void MatMulGroups(Tensor y, Tensor x, ReadOnlySpan<Matrix> w, ReadOnlySpan<int> counts);

    /// <summary><c>y = x / sqrt(mean(x²) + epsilon) * w</c>, row by row (Zhang and Sennrich 2019).</summary>
    void RmsNorm(Tensor y, Tensor x, Tensor w, float epsilon);

    /// <summary>RMS norm of each head on its own, in place: <c>[T, heads * C]</c> with <c>w [1, C]</c>.</summary>
    void HeadRmsNorm(Tensor x, Tensor w, float epsilon);

    /// <summary>Rotates the first <c>R</c> dimensions of each head, in place (Su et al. 2021).</summary>
    /// <param name="x"><c>[T, heads * C]</c>.</param>
    /// <param name="rotations"><c>[T, R]</c>: R/2 cosines, then R/2 sines, of each token's position.</param>
    /// <param name="headDim">C.</param>
    /// <param name="pairs">Which two dimensions rotate together.</param>
    void Rope(Tensor x, Tensor rotations, int headDim, RopePairs pairs);

    /// <summary>Stores keys and values, each <c>[T, K * C]</c>, in their slots of the cache.</summary>
    void WriteKv(KvLayer kv, Tensor keys, Tensor values, ReadOnlySpan<int> slots);

    /// <summary>Causal attention of every token over its own sequence's blocks: <c>[T, H * C]</c>.</summary>
    /// <param name="y"><c>[T, H * C]</c>.</param>
    /// <param name="queries"><c>[T, H * C]</c>, rotated.</param>
    /// <param name="kv">Cache that already holds this step's keys and values.</param>
    /// <param name="options">Heads, scale, window.</param>
    /// <param name="layout">Which rows belong to which sequence, and where its blocks are.</param>
    void Attention(Tensor y, Tensor queries, KvLayer kv, in AttentionOptions options, in PagedLayout layout);

    /// <summary>
    /// <c>y = silu(gate) * up</c>, where <paramref name="gateUp"/> is <c>[T, gate F | up F]</c> (Shazeer 2020).
    /// </summary>
    void SwiGlu(Tensor y, Tensor gateUp);

    /// <summary><c>y += x</c>.</summary>
    void Add(Tensor y, Tensor x);

    /// <summary>Adds one row to every row: <c>y[t] += row</c>, with <c>row [1, columns]</c>.</summary>
    void AddRow(Tensor y, Tensor row);

    /// <summary>Row i of <paramref name="y"/> is row <c>rows[i]</c> of <paramref name="x"/>.</summary>
    void GatherRows(Tensor y, Tensor x, ReadOnlySpan<int> rows);

    /// <summary>Row <c>rows[i]</c> of <paramref name="y"/> grows by row i of <paramref name="x"/> times
    /// <c>shares[i]</c>, in the order of i; a row may grow several times.</summary>
    void ScatterRows(Tensor y, Tensor x, ReadOnlySpan<int> rows, ReadOnlySpan<float> shares);

    /// <summary>Chooses the columns of the highest scores in each row, as a router chooses experts.</summary>
    /// <param name="experts"><c>[T, active]</c>: columns, best first; of equal scores the first.</param>
    /// <param name="shares"><c>[T, active]</c>: the softmax of each.</param>
    /// <param name="scores"><c>[T, experts]</c>.</param>
    /// <param name="isNormalized">The softmax is over the chosen, so that it sums to 1; or else over all.</param>
    void Route(Span<int> experts, Span<float> shares, Tensor scores, bool isNormalized);

    /// <summary>Copies one block of a layer's cache over another.</summary>
    void CopyKvBlock(KvLayer kv, int source, int target);
}

/// <summary>Work that every core of a device does a part of.</summary>
public interface ICoreJob
{
    /// <summary>Does the part of one core, on its device of <see cref="IBackend.Cores"/>, from any thread.</summary>
    /// <param name="core">Which, from 0.</param>
    void Run(int core);
}

/// <summary>Which two dimensions of a head rotate together.</summary>
public enum RopePairs
{
    /// <summary><c>(i, i + R/2)</c>: Hugging Face order, "NeoX".</summary>
    Halves,

    /// <summary><c>(2i, 2i + 1)</c>: the paper's order; GGUF <c>llama</c> and distributed-llama.</summary>
    Adjacent,
}

/// <summary>What attention needs besides tensors.</summary>
/// <param name="QueryHeads">
/// H, a multiple of the cache's K; query head h reads key-value head <c>h / (H / K)</c>.
/// </param>
/// <param name="Scale">Multiplies the scores, commonly <c>1 / sqrt(C)</c>.</param>
/// <param name="Window">A query at position i sees positions <c>(i - Window, i]</c>; 0 sees all.</param>
public readonly record struct AttentionOptions(int QueryHeads, float Scale, int Window = 0);

/// <summary>Which rows of a step belong to which sequence, and where each sequence's blocks are.</summary>
/// <remarks>Sequence s owns rows <c>[RowStarts[s], RowStarts[s+1])</c>, at consecutive positions.</remarks>
/// <param name="rowStarts"><c>[sequences + 1]</c>.</param>
/// <param name="positions">Position of each row in its own sequence, <c>[T]</c>.</param>
/// <param name="blockStarts">
/// Where each sequence's blocks start in <paramref name="blocks"/>, <c>[sequences + 1]</c>.
/// </param>
/// <param name="blocks">
/// Block tables, concatenated; block b of a sequence holds its positions <c>[16b, 16b+16)</c>.
/// </param>
public readonly ref struct PagedLayout(
    ReadOnlySpan<int> rowStarts, ReadOnlySpan<int> positions, ReadOnlySpan<int> blockStarts, ReadOnlySpan<int> blocks)
{
    /// <summary>First row of each sequence, and one past the last row.</summary>
    public ReadOnlySpan<int> RowStarts { get; } = rowStarts;

    /// <summary>Position of each row in its own sequence.</summary>
    public ReadOnlySpan<int> Positions { get; } = positions;

    /// <summary>First entry of each sequence in <see cref="Blocks"/>, and one past the last.</summary>
    public ReadOnlySpan<int> BlockStarts { get; } = blockStarts;

    /// <summary>Block tables, concatenated.</summary>
    public ReadOnlySpan<int> Blocks { get; } = blocks;

    /// <summary>Sequences in the step.</summary>
    public int Sequences => RowStarts.Length - 1;
}
