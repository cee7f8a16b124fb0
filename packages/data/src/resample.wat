;; The inner loops of resample.ts with four sums at once: sums of bytes times weights of 22 bits after the point, to the bit as
;; there. `npm run kernels` writes resample-kernel.ts from this file.
(module
  (memory (export "memory") 1)

  ;; A row of pixels of three bytes at other columns. Reads one byte beyond a pixel.
  ;; to: 3 * columns bytes, and one more that is written
  ;; from: the row's first byte
  ;; first: int32 by column, the byte of the row's first pixel that is read
  ;; counts: int32 by column, how many pixels are read
  ;; weights: int32, `most` for each column
  (func (export "row") (param $to i32) (param $from i32) (param $columns i32)
    (param $first i32) (param $counts i32) (param $weights i32) (param $most i32)
    (local $at i32) (local $weight i32) (local $end i32) (local $sum v128)
    (local.set $most (i32.shl (local.get $most) (i32.const 2)))
    (block $done
      (loop $column
        (br_if $done (i32.eqz (local.get $columns)))
        (local.set $at (i32.add (local.get $from) (i32.load (local.get $first))))
        (local.set $weight (local.get $weights))
        (local.set $end
          (i32.add (local.get $weights) (i32.shl (i32.load (local.get $counts)) (i32.const 2))))
        (local.set $sum (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
        (block $full
          (loop $tap
            (br_if $full (i32.ge_u (local.get $weight) (local.get $end)))
            (local.set $sum
              (i32x4.add
                (local.get $sum)
                (i32x4.mul
                  (i32x4.extend_low_i16x8_u
                    (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $at))))
                  (v128.load32_splat (local.get $weight)))))
            (local.set $at (i32.add (local.get $at) (i32.const 3)))
            (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
            (br $tap)))
        (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 22)))
        (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
        (v128.store32_lane 0
          (local.get $to)
          (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
        (local.set $to (i32.add (local.get $to) (i32.const 3)))
        (local.set $first (i32.add (local.get $first) (i32.const 4)))
        (local.set $counts (i32.add (local.get $counts) (i32.const 4)))
        (local.set $weights (i32.add (local.get $weights) (local.get $most)))
        (local.set $columns (i32.sub (local.get $columns) (i32.const 1)))
        (br $column))))

  ;; A row made of rows. Reads and writes up to seven bytes beyond a row.
  ;; to: `length` bytes
  ;; from: the first byte of the first row that is read; the rows lie one after another
  ;; weights: int32, one for each of `count` rows
  (func (export "column") (param $to i32) (param $from i32) (param $length i32)
    (param $weights i32) (param $count i32)
    (local $at i32) (local $weight i32) (local $end i32) (local $stop i32)
    (local $low v128) (local $high v128) (local $bytes v128) (local $factor v128)
    (local.set $stop (i32.add (local.get $from) (local.get $length)))
    (local.set $end
      (i32.add (local.get $weights) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $eight
        (br_if $done (i32.ge_u (local.get $from) (local.get $stop)))
        (local.set $at (local.get $from))
        (local.set $weight (local.get $weights))
        (local.set $low (v128.const i32x4 0x200000 0x200000 0x200000 0x200000))
        (local.set $high (local.get $low))
        (block $full
          (loop $tap
            (br_if $full (i32.ge_u (local.get $weight) (local.get $end)))
            (local.set $bytes (v128.load8x8_u (local.get $at)))
            (local.set $factor (v128.load32_splat (local.get $weight)))
            (local.set $low
              (i32x4.add (local.get $low)
                (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $bytes)) (local.get $factor))))
            (local.set $high
              (i32x4.add (local.get $high)
                (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $bytes)) (local.get $factor))))
            (local.set $at (i32.add (local.get $at) (local.get $length)))
            (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
            (br $tap)))
        (local.set $low
          (i16x8.narrow_i32x4_s
            (i32x4.shr_s (local.get $low) (i32.const 22))
            (i32x4.shr_s (local.get $high) (i32.const 22))))
        (v128.store64_lane 0
          (local.get $to)
          (i8x16.narrow_i16x8_u (local.get $low) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (i32.const 8)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br $eight)))))
